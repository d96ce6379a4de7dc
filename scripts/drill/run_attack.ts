import { Connection } from "../../src/db/connection.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import type { Attack } from "./attacks.ts";

/** `undefined` when the attack failed for the reason that it must fail for; what happened instead otherwise. */
export type AttackOutcome = string | undefined;

class Succeeded extends Error {}

/** Runs a statement the way a handler would: in a transaction that may write. It is rolled back if it succeeds. */
export async function runAttack(
  connection: Connection,
  attack: Attack,
): Promise<AttackOutcome> {
  try {
    if (attack.alone) {
      await connection.script("set default_transaction_read_only = off");
      await connection.script(attack.sql);
      return "succeeded";
    }
    await connection.transaction("read write", async (run) => {
      await run.rows(raw(attack.sql));
      throw new Succeeded();
    });
  } catch (error) {
    if (error instanceof Succeeded) return "succeeded";
    if (!(error instanceof DatabaseError)) throw error;
    const { sqlState } = error;
    if (sqlState && attack.codes.includes(sqlState)) return undefined;
    return `failed, but with SQLSTATE ${sqlState ?? "none"}`;
  }
  return "succeeded";
}

/** A statement out of plain text. The product has no such function: this is the injection. */
function raw(text: string): Sql {
  return sql(Object.assign([text], { raw: [text] }));
}
