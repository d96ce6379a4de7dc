import { AppError } from "./errors.ts";

/** From each state, the states that can follow it; a final one has none. */
export type Transitions<State extends string> = Readonly<
  Record<State, readonly State[]>
>;

/** @throws {AppError} `invalid-transition`, which names the states that are allowed, unless `to` is one of them */
export function requireTransition<State extends string>(
  transitions: Transitions<State>,
  from: State,
  to: State,
): void {
  if (!transitions[from].includes(to)) {
    throw invalidTransition(transitions, from, to);
  }
}

export function invalidTransition<State extends string>(
  transitions: Transitions<State>,
  from: State,
  to: State,
  cause?: unknown,
): AppError {
  return new AppError(
    "invalid-transition",
    `It is ${from} and cannot become ${to}`,
    { cause, extensions: { state: from, allowed: transitions[from] } },
  );
}
