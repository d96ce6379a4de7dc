import { DatabaseError } from "../../db/errors.ts";

/** Of an attempt after which no backend is left: PostgreSQL refused the login, had no room, or ended the session. */
const CLEAN_STATES = /^(28|3D|53|57P0)/;

/** Whether an attempt to connect that failed so has certainly left no backend behind. */
export function leftNothing(error: unknown): boolean {
  if (error instanceof DatabaseError && error.sqlState !== undefined) {
    return error.failure === "refused" || CLEAN_STATES.test(error.sqlState);
  }
  for (let at = error; at instanceof Error; at = at.cause) {
    if ((at as { code?: unknown }).code === "ECONNREFUSED") return true;
  }
  return false;
}
