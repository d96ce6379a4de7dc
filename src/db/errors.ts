/** What a failure of the database means to the caller; a SQLSTATE becomes one of these here and nowhere else. */
export type DatabaseFailure =
  | "unavailable" // nothing was done, or nobody can say: the server, the pooler or the network is away
  | "refused" // the login was refused; trying again makes it worse
  | "timeout"
  | "unique"
  | "exclusion"
  | "foreign-key"
  | "check"
  | "serialization"
  | "invalid-text"
  | "forbidden"
  | "other";

interface DriverError {
  readonly severity?: unknown;
  readonly severity_local?: unknown;
  readonly routine?: unknown;
  readonly code?: unknown;
  readonly constraint_name?: unknown;
  readonly message?: unknown;
}

const BY_CODE: Readonly<Record<string, DatabaseFailure>> = {
  "23505": "unique",
  "23P01": "exclusion",
  "23503": "foreign-key",
  "23502": "check",
  "23514": "check",
  "40001": "serialization",
  "40P01": "serialization",
  "22021": "invalid-text",
  "22P05": "invalid-text",
  "42501": "forbidden",
  "25006": "forbidden",
  "57014": "timeout",
  "55P03": "timeout",
  "28000": "refused",
  "28P01": "refused",
  "3D000": "refused",
  "SASL_SIGNATURE_MISMATCH": "refused",
  "25P03": "unavailable", // idle in transaction for too long: the session was ended
};

/** The server has given up the plan of a prepared statement: nothing was done, and a new plan will do. */
const STALE_PLAN_ROUTINE = "RevalidateCachedQuery";

const UNAVAILABLE_CLASSES = ["08", "53", "57", "58"]; // connection, resources, operator, system

/** Said by a backend that ended because nothing was asked of it. */
const IDLE_SESSION_TIMEOUT = "57P05";

/** A failed statement or connection. The message names the failure; the driver's own error is the cause. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
  readonly failure: DatabaseFailure;
  /** Five characters (PostgreSQL appendix A), where the server gave one. */
  readonly sqlState: string | undefined;
  /** Name of the violated constraint, where there is one. */
  readonly constraint: string | undefined;
  /** Whether the server has certainly not read the statement: it may be sent again, whatever it does. */
  readonly unread: boolean;

  constructor(
    failure: DatabaseFailure,
    message: string,
    details: {
      sqlState?: string;
      constraint?: string;
      unread?: boolean;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.failure = failure;
    this.sqlState = details.sqlState;
    this.constraint = details.constraint;
    this.unread = details.unread ?? details.sqlState === IDLE_SESSION_TIMEOUT;
  }
}

/** Reads a driver's error once, so that nothing else looks at its fields. */
export function toDatabaseError(error: unknown, action: string): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { code, constraint_name } = (error ?? {}) as DriverError;
  const failure = classify(error);
  return new DatabaseError(failure, `Cannot ${action}: ${failure}`, {
    cause: error,
    ...(isSqlState(code) ? { sqlState: code } : {}),
    ...(typeof constraint_name === "string"
      ? { constraint: constraint_name }
      : {}),
  });
}

/** The same for what went wrong while a connection was being opened. */
export function toLoginError(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const { failure, sqlState } = error;
  return new DatabaseError(failure, `Cannot open connection: ${failure}`, {
    cause: error,
    ...(sqlState === undefined ? {} : { sqlState }),
  });
}

/** Whether a statement was stopped because somebody asked for it, or because it took too long. */
export function wasCancelled(error: unknown): boolean {
  return error instanceof DatabaseError && error.sqlState === "57014";
}

/** Whether the login was refused: trying again at once would only make it worse. */
export function isRefused(error: unknown): boolean {
  return error instanceof DatabaseError && error.failure === "refused";
}

/** Whether nothing was done, or nobody can say. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseError && error.failure === "unavailable";
}

/** Whether the server has certainly not read the statement. */
export function wasUnread(error: unknown): boolean {
  return error instanceof DatabaseError && error.unread;
}

/** Whether the connection to the server ended under the statement, read or not. */
export function wasCutOff(error: unknown): boolean {
  return isUnavailable(error) &&
    (wasUnread(error) || isOfClass(error, "08"));
}

/** Whether the server has no room for another session. */
export function hasNoRoom(error: unknown): boolean {
  return isOfClass(error, "53");
}

/** Whether the server gave a SQLSTATE of this class. */
function isOfClass(error: unknown, stateClass: string): boolean {
  return error instanceof DatabaseError &&
    error.sqlState?.startsWith(stateClass) === true;
}

/** Whether nothing more will come from the connection that reported `error`. */
export function endsSession(error: unknown): boolean {
  const { severity, severity_local, code } = (error ?? {}) as DriverError;
  // PgBouncer gives only the severity that PostgreSQL would translate.
  const level = severity ?? severity_local;
  return level === "FATAL" || level === "PANIC" ||
    (level === undefined && typeof code === "string" && !isSqlState(code));
}

/** Whether a prepared statement was refused because a change of the schema gave its columns other types. */
export function isStalePlan(error: unknown): boolean {
  const { code, routine } = (error ?? {}) as DriverError;
  return code === "0A000" && routine === STALE_PLAN_ROUTINE;
}

/** A SQLSTATE has a digit somewhere; the system's EPIPE has none. */
function isSqlState(code: unknown): code is string {
  return typeof code === "string" && /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
}

function classify(error: unknown): DatabaseFailure {
  const { code, message } = (error ?? {}) as DriverError;
  if (code === "08P01" && isPoolerRefusal(message)) return "refused";
  if (isStalePlan(error)) return "unavailable";
  if (typeof code !== "string") return "other";
  const known = BY_CODE[code];
  // The right to connect is missing.
  if (known === "forbidden" && endsSession(error)) return "refused";
  if (known) return known;
  if (isSqlState(code)) {
    return UNAVAILABLE_CLASSES.includes(code.slice(0, 2))
      ? "unavailable"
      : "other";
  }
  // The driver's own codes (CONNECTION_CLOSED…) and the system's (ECONNREFUSED…).
  return "unavailable";
}

/** PgBouncer reports a refused login under the same SQLSTATE as a lost connection. */
function isPoolerRefusal(message: unknown): boolean {
  return typeof message === "string" && POOLER_REFUSALS.test(message);
}

const POOLER_REFUSALS =
  /no such user|authentication failed|no authentication method|login rejected|does not exist|no such database|permission denied/i;
