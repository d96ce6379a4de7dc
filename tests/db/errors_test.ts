import assert from "node:assert/strict";
import {
  DatabaseError,
  type DatabaseFailure,
  endsSession,
  toDatabaseError,
} from "../../src/db/errors.ts";

/** What a driver's error is read as, and whether its connection is over. */
const CASES: readonly [Record<string, string>, DatabaseFailure, boolean][] = [
  [{ code: "23505", severity: "ERROR" }, "unique", false],
  [{ code: "57014", severity: "ERROR" }, "timeout", false],
  [{ code: "57014" }, "timeout", false],
  [{ code: "57P01", severity: "FATAL" }, "unavailable", true],
  [{ code: "53300", severity: "FATAL" }, "unavailable", true],
  [{ code: "53200", severity: "ERROR" }, "unavailable", false],
  [{ code: "42501", severity: "ERROR" }, "forbidden", false],
  [{ code: "42501", severity: "FATAL" }, "refused", true],
  [{ code: "28P01", severity: "FATAL" }, "refused", true],
  [{ code: "3D000", severity: "FATAL" }, "refused", true],
  [{ code: "XX000", severity: "PANIC" }, "other", true],
  [{ code: "P0001", severity: "ERROR" }, "other", false],
  [{ code: "EPIPE" }, "unavailable", true],
  [{ code: "ECONNRESET" }, "unavailable", true],
  [{ code: "CONNECTION_CLOSED" }, "unavailable", true],
  [
    { code: "0A000", severity: "ERROR", routine: "RevalidateCachedQuery" },
    "unavailable",
    false,
  ],
  [{ code: "0A000", severity: "ERROR" }, "other", false],
  // PgBouncer's own, in its words.
  [pooler("login rejected"), "refused", true],
  [pooler("no such user"), "refused", true],
  [pooler("SASL authentication failed"), "refused", true],
  [pooler('database "x" does not exist'), "refused", true],
  [pooler("query_wait_timeout"), "unavailable", true],
  [pooler("server login has been failing"), "unavailable", true],
];

function pooler(message: string): Record<string, string> {
  return { code: "08P01", severity_local: "FATAL", message };
}

Deno.test("errors: every failure of the server, the pooler and the network means what it should", () => {
  for (const [fields, failure, over] of CASES) {
    const label = JSON.stringify(fields);
    const error = Object.assign(new Error(fields.message), fields);
    assert.equal(toDatabaseError(error, "test").failure, failure, label);
    assert.equal(endsSession(error), over, label);
  }
});

Deno.test("errors: what was read once stays as it is, and the message repeats nothing of the server's", () => {
  const cause = Object.assign(new Error("Key (email)=(a@b) exists"), {
    code: "23505",
    constraint_name: "staff_email_key",
  });
  const error = toDatabaseError(cause, "run statement");
  assert.equal(error.message, "Cannot run statement: unique");
  assert.equal(error.constraint, "staff_email_key");
  assert.equal(error.sqlState, "23505");
  assert.equal(error.cause, cause);
  assert.equal(toDatabaseError(error, "other"), error);
  assert.ok(error instanceof DatabaseError);
});
