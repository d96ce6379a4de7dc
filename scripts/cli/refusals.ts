import { AppError } from "../../src/kernel/errors.ts";

/** What the commands can do with a clinic, as the ledger names it. */
const TYPED = ["suspend", "resume", "rotate", "close"];

/**
 * What was refused, said to the person who typed it: what, of which clinic, and what to type next. Any other error as it
 * is.
 */
export function ofClinic(error: unknown, what: string, slug: string): unknown {
  if (!(error instanceof AppError)) return error;
  const cannot = `Cannot ${what} ${slug}`;
  switch (error.code) {
    case "invalid-transition": {
      const { state, allowed = [] } = error.extensions ?? {};
      return reworded(
        error,
        `${cannot}: it is ${state}; ${nextOf(slug, allowed as string[])}`,
      );
    }
    case "conflict":
      return error.retryAfter === undefined ? error : reworded(
        error,
        `${cannot}: something else is being done with it; see: cloison operations list --clinic ${slug}`,
      );
    default:
      return error;
  }
}

function nextOf(slug: string, allowed: readonly string[]): string {
  const typed = TYPED.filter((kind) => allowed.includes(kind));
  return typed.length > 0
    ? `what can be done now: cloison clinic ${typed.join("|")} ${slug}`
    : `see: cloison clinic show ${slug}`;
}

/** A new clinic that there cannot be. */
export function ofNewClinic(
  error: unknown,
  { slug, email }: { readonly slug: string; readonly email: string },
): unknown {
  if (!(error instanceof AppError) || error.code !== "duplicate") return error;
  return reworded(
    error,
    error.extensions?.member === "slug"
      ? `Another clinic has the short name ${slug}; choose another with --slug`
      : `Another clinic has the e-mail address ${email}; give another with --email`,
  );
}

export function noSuchClinic(slug: string): AppError {
  return new AppError(
    "not-found",
    `There is no clinic ${slug}; to see those that there are: cloison clinic list --all`,
  );
}

function reworded({ code }: AppError, message: string): AppError {
  return new AppError(code, message);
}
