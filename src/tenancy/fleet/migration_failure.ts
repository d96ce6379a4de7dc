import { DatabaseError } from "../../db/errors.ts";

/** What became of one clinic's migration, by name. */
export type FailureCode =
  | "lock-timeout" // others held what the file needs, for longer than was allowed, in every attempt
  | "statement-timeout"
  | "data-violates" // this clinic's rows break a rule that the file adds
  | "statement-refused" // the file itself: its syntax, a name that is not there
  | "serialization"
  | "unreachable"
  | "login-refused"
  | "file-changed" // what was applied is not what the program has
  | "database-ahead"
  | "differs-from-template"
  | "other";

/** Without a value from any row: errors can quote what a person typed. */
export interface MigrationFailure {
  readonly code: FailureCode;
  /** SQLSTATE, where the server gave one. */
  readonly state: string | null;
  /** Number of the file. */
  readonly migration: number | null;
  /** Names of the schema, or what the server said of the file. */
  readonly detail: string | null;
  /** Whether another attempt may end otherwise. */
  readonly passing: boolean;
}

/** The fields of a server's error that hold names and no values. */
interface ServerError {
  readonly message?: unknown;
  readonly table_name?: unknown;
  readonly column_name?: unknown;
  readonly constraint_name?: unknown;
}

const MAX_DETAIL = 200;

/** The codes that another attempt may not meet again. */
const PASSING: ReadonlySet<FailureCode> = new Set([
  "lock-timeout",
  "serialization",
  "unreachable",
]);

/** Names what went wrong with `migration`. */
export function nameFailure(
  error: unknown,
  migration: number | null,
): MigrationFailure {
  const cause = databaseErrorOf(error);
  const code = cause ? codeOf(cause, migration) : codeOfMessage(error);
  return {
    code,
    state: cause?.sqlState ?? null,
    migration,
    detail: cause ? detailOf(cause, code) : null,
    passing: PASSING.has(code),
  };
}

/** One line for people. */
export function describeFailure(failure: MigrationFailure): string {
  const { code, state, migration, detail } = failure;
  const where = migration === null ? "" : ` in migration ${migration}`;
  const said = [detail, state && `SQLSTATE ${state}`].filter(Boolean);
  return `${code}${where}${said.length > 0 ? ` (${said.join("; ")})` : ""}`;
}

function databaseErrorOf(error: unknown): DatabaseError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof DatabaseError) return at;
  }
  return undefined;
}

function codeOf(
  { failure, sqlState = "" }: DatabaseError,
  migration: number | null,
): FailureCode {
  if (sqlState === "55P03") return "lock-timeout";
  // Before any file: the database lets nobody in.
  if (sqlState === "55000" && migration === null) return "login-refused";
  switch (failure) {
    case "timeout":
      return "statement-timeout";
    case "serialization":
      return "serialization";
    case "refused":
      return "login-refused";
    case "unavailable":
      return "unreachable";
    case "unique":
    case "exclusion":
    case "foreign-key":
    case "check":
      return "data-violates";
    default:
      // 22 is what a row holds (a number too large, a text that is no date); 42 is what a statement says.
      if (sqlState.startsWith("22")) return "data-violates";
      return /^(42|0A|3F)/.test(sqlState) ? "statement-refused" : "other";
  }
}

function codeOfMessage(error: unknown): FailureCode {
  const message = error instanceof Error ? error.message : "";
  if (/was changed after/.test(message)) return "file-changed";
  return /this version of the program does not/.test(message)
    ? "database-ahead"
    : "other";
}

function detailOf(error: DatabaseError, code: FailureCode): string | null {
  const server = serverErrorOf(error);
  const names = [
    server.table_name,
    server.column_name,
    server.constraint_name ?? error.constraint,
  ].filter((name) => typeof name === "string");
  if (names.length > 0) return names.join(", ").slice(0, MAX_DETAIL);
  // It is about the text of the file, which holds no patient's data; about rows, the server may quote them.
  if (code !== "statement-refused") return null;
  return String(server.message ?? "").slice(0, MAX_DETAIL);
}

/** The driver's own error, at the end of the causes. */
function serverErrorOf(error: DatabaseError): ServerError {
  let at: unknown = error.cause;
  while (at instanceof DatabaseError) at = at.cause;
  return (at ?? {}) as ServerError;
}
