import { AppError } from "../../kernel/errors.ts";

/** How many requests are allowed in a window that begins with the first of them. */
export interface RatePolicy {
  /** Stands in headers: lower-case letters, digits and `-`. */
  readonly name: string;
  readonly quota: number;
  readonly seconds: number;
}

/** What is left of a policy for somebody. */
export interface RateState {
  readonly policy: RatePolicy;
  readonly remaining: number;
  /** Seconds until the window ends. */
  readonly reset: number;
  /** Whether this request is one too many. */
  readonly exceeded: boolean;
}

/**
 * Tells the caller about the limits that the request was counted against, refused or not. Both headers are lists of
 * structured fields (draft-ietf-httpapi-ratelimit-headers-10).
 */
export function setRateHeaders(
  headers: Headers,
  rates: readonly RateState[] | undefined,
): void {
  if (!rates) return;
  headers.set("ratelimit-policy", rates.map(policyItem).join(", "));
  headers.set("ratelimit", rates.map(stateItem).join(", "));
}

function policyItem({ policy }: RateState): string {
  return `"${policy.name}";q=${policy.quota};w=${policy.seconds}`;
}

function stateItem({ policy, remaining, reset }: RateState): string {
  return `"${policy.name}";r=${remaining};t=${reset}`;
}

/** @throws {AppError} `too-many-requests` when a state is exceeded */
export function requireWithin(states: readonly RateState[]): void {
  const exceeded = states.filter((state) => state.exceeded);
  if (exceeded.length === 0) return;
  throw new AppError("too-many-requests", "Too many requests", {
    retryAfter: Math.max(...exceeded.map(({ reset }) => reset)),
    extensions: { violatedPolicies: exceeded.map(({ policy }) => policy.name) },
  });
}
