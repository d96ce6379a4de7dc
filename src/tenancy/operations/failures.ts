import { DatabaseError, type DatabaseFailure } from "../../db/errors.ts";
import { AppError, type ErrorCode } from "../../kernel/errors.ts";
import { MailError } from "../../mail/mailer.ts";

/** What the ledger says of a failure. */
export interface Failure {
  readonly code: string;
  /** Fixed texts of this program; never that of a foreign error, which may hold what a person typed. */
  readonly message: string;
  /** Whether the same step may succeed later. */
  readonly retryable: boolean;
}

const PASSING: ReadonlySet<ErrorCode> = new Set([
  "clinic-unavailable",
  "service-unavailable",
  "too-many-requests",
]);

/** Of the migration runner: numbers and names of files. */
const MIGRATION = /^Cannot (apply migration|migrate)\b/;
const PASSING_FAILURES: ReadonlySet<DatabaseFailure> = new Set([
  "unavailable",
  "timeout",
  "serialization",
]);

const MAX_MESSAGE = 500;
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 300_000;

export function toFailure(error: unknown): Failure {
  if (error instanceof AppError) {
    const { code, message } = error;
    return {
      code,
      message: message.slice(0, MAX_MESSAGE),
      retryable: PASSING.has(code),
    };
  }
  if (error instanceof MailError) {
    const { message, retryable } = error;
    return { code: "mail-not-sent", message, retryable };
  }
  if (error instanceof DatabaseError) {
    const { failure, message, sqlState } = error;
    return {
      code: `database-${failure}`,
      message: sqlState === undefined ? message : `${message} (${sqlState})`,
      retryable: true,
    };
  }
  if (error instanceof Error && MIGRATION.test(error.message)) {
    return {
      code: "migration-failed",
      message: error.message,
      retryable: error.cause instanceof DatabaseError &&
        PASSING_FAILURES.has(error.cause.failure),
    };
  }
  const name = error instanceof Error ? error.name : typeof error;
  return {
    code: "internal-error",
    message: `The step failed (${name}); the worker's log says more`,
    retryable: true,
  };
}

/** Twice as long each time, and never quite the same for two. @param random 0 to 1 */
export function pauseAfter(attempts: number, random: number): number {
  const longest = Math.min(
    LAST_PAUSE_MS,
    FIRST_PAUSE_MS * 2 ** Math.max(0, attempts - 1),
  );
  return Math.round(longest * (0.75 + random / 4));
}
