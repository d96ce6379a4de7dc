import type { Runner } from "../db/connection.ts";
import { sql } from "../db/sql.ts";
import type { NewId } from "../kernel/ids.ts";
import type { CentralReadTx } from "../tenancy/central_db.ts";
import {
  type CentralAccess,
  Operations,
} from "../tenancy/operations/operations.ts";

/** The ledger of operations: within a change, what is asked for and its line in the trail are stored together. */
export function ledger(tx: CentralReadTx, newId: NewId): Operations {
  return new Operations(accessOf(tx), newId);
}

/** After a statement that was refused, the transaction can still be asked why. Outside of one, nothing can be changed. */
export function accessOf(tx: Pick<Runner, "rows">): CentralAccess {
  return {
    read: (statement) => tx.rows(statement),
    execute: async (statement) => {
      await tx.rows(sql`savepoint asked`);
      try {
        return await tx.rows(statement);
      } catch (error) {
        await tx.rows(sql`rollback to savepoint asked`);
        throw error;
      }
    },
  };
}
