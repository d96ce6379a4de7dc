import { identifier, sql } from "../../../db/sql.ts";
import type { ReadTx, WriteTx } from "../../../tenancy/clinic_db.ts";

/** Where each kind of what is placed on files is stored. */
export type PlacedTable = "processing_restrictions" | "legal_holds";

export interface PlacedRow {
  readonly id: string;
  readonly patient_id: string;
  readonly reason_sealed: Uint8Array;
  readonly placed_by: string;
  readonly placed_at: string;
}

/** Takes the person's file, so that two who place something at once take turns. @returns the file that stayed */
export async function takePerson(
  tx: WriteTx,
  fileId: string,
): Promise<string | undefined> {
  const row = await tx.row<{ id: string }>(sql`
    select id from patients where erased_at is null and id = (
      select coalesce(merged_into, id) from patients where id = ${fileId})
    for no key update`);
  return row?.id;
}

/** What holds now, on any file of the person. */
export function findPlaced(
  tx: ReadTx,
  table: PlacedTable,
  fileId: string,
): Promise<PlacedRow | undefined> {
  return tx.row(sql`
    select id, patient_id, reason_sealed, placed_by, placed_at
    from ${identifier(table)} where lifted_at is null
      and patient_id = any (person_files(${fileId}))
    order by placed_at desc limit 1`);
}

export async function insertPlaced(
  tx: WriteTx,
  table: PlacedTable,
  placed: {
    readonly id: string;
    readonly patientId: string;
    readonly reasonSealed: Uint8Array;
    readonly staffId: string;
  },
): Promise<void> {
  const { id, patientId, reasonSealed, staffId } = placed;
  await tx.rows(sql`
    insert into ${identifier(table)} (id, patient_id, reason_sealed, placed_by)
    values (${id}, ${patientId}, ${reasonSealed}, ${staffId})`);
}

/** All that holds on the person's files: merging may have brought two together. @returns how many */
export async function liftPlaced(
  tx: WriteTx,
  table: PlacedTable,
  fileId: string,
  staffId: string,
): Promise<number> {
  const lifted = await tx.rows(sql`
    update ${identifier(table)} set lifted_at = now(), lifted_by = ${staffId}
    where lifted_at is null and patient_id = any (person_files(${fileId}))
    returning id`);
  return lifted.length;
}
