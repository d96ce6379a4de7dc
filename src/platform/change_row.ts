import type { VersionCondition } from "../http/etag.ts";
import {
  noSuch,
  staleVersion,
  type VersionedRow,
} from "../http/row_versions.ts";
import type { PlatformEvent } from "../kernel/audit_event.ts";
import type {
  CentralDb,
  CentralReadTx,
  CentralWriteTx,
} from "../tenancy/central_db.ts";

/** How rows of one kind are found and changed in the central database. */
export interface CentralRowAccess<Row extends VersionedRow> {
  /** What a client calls one, as in `There is no such clinic`. */
  readonly noun: string;
  find(tx: CentralReadTx): Promise<Row | undefined>;
  /** `undefined` when no row has a version of the condition: what decides is the statement. */
  update(tx: CentralWriteTx): Promise<Row | undefined>;
}

/**
 * Changes a row that is of a version that the client has seen, and leaves the event; `http/row_versions.ts` does the same
 * in a clinic.
 * @param isChange `false` leaves the row as it is, once its version was found to be right
 * @throws {AppError} `not-found`, `precondition-failed`
 */
export async function changeCentralRow<Row extends VersionedRow>(
  central: CentralDb,
  condition: VersionCondition,
  event: PlatformEvent,
  { noun, find, update }: CentralRowAccess<Row>,
  isChange: (row: Row) => boolean,
): Promise<Row> {
  return await central.write(async (tx) => {
    const present = await find(tx);
    if (!present) throw noSuch(noun);
    if (!condition.any && !condition.versions.includes(present.version)) {
      throw staleVersion(noun);
    }
    if (!isChange(present)) return tx.audit(event, present);
    const row = await update(tx);
    if (!row) throw staleVersion(noun);
    return tx.audit(event, row);
  });
}
