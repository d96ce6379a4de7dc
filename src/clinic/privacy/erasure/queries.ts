import { type Sql, sql } from "../../../db/sql.ts";
import type { CreationSort } from "../../../http/creation_order.ts";
import type { PageWindow } from "../../../http/pages.ts";
import { pageOfRows, type SortedRow } from "../../../http/sorted_list.ts";
import type { ReadTx, WriteTx } from "../../../tenancy/clinic_db.ts";
import type { PlannedCategory } from "../../../tenancy/erasure/erase_person.ts";

/** Whose files they are, and what is in the way of erasing them. */
export interface PersonRow {
  readonly main_id: string;
  readonly file_ids: readonly string[];
  readonly held: boolean;
  readonly restricted: boolean;
}

/** @returns `undefined` when there is no such file, or no such person any more */
export function findPerson(
  tx: ReadTx,
  fileId: string,
): Promise<PersonRow | undefined> {
  return tx.row(sql`
    select coalesce(merged_into, id) as main_id, files.ids as file_ids,
      exists (select from legal_holds
        where patient_id = any (files.ids) and lifted_at is null) as held,
      restricted_at is not null as restricted
    from patients, lateral (select person_files(id) as ids) as files
    where id = ${fileId} and erased_at is null`);
}

export interface ErasureRow {
  readonly id: string;
  readonly patient_id: string;
  readonly file_ids: readonly string[];
  readonly categories: readonly (Omit<PlannedCategory, "ends_on"> & {
    readonly endsOn: string | null;
  })[];
  readonly kept_until: string | null;
  readonly erased_at: string;
  readonly erased_by: string | null;
  readonly replayed_at: string | null;
}

const columns = sql`id, patient_id, file_ids, categories, kept_until,
  erased_at, erased_by, replayed_at`;

export function findErasure(
  tx: ReadTx,
  id: string,
): Promise<ErasureRow | undefined> {
  return tx.row(sql`select ${columns} from erasures where id = ${id}`);
}

/** By any of the files that the person had. */
export function findErasureOf(
  tx: ReadTx,
  fileId: string,
): Promise<ErasureRow | undefined> {
  return tx.row(sql`select ${columns} from erasures
    where id in (select id from erasures where ${ofFile(fileId)})`);
}

export function listErasures(
  tx: ReadTx,
  patientId: string | undefined,
  sort: CreationSort,
  window: PageWindow,
): Promise<(ErasureRow & SortedRow)[]> {
  const key = {
    value: sql`erased_at`,
    type: sql`timestamptz`,
    descending: sort === "-createdAt",
  };
  const conditions = patientId === undefined ? [] : [ofFile(patientId)];
  return tx.rows(
    pageOfRows(columns, sql`erasures`, conditions, key, window),
  );
}

function ofFile(fileId: string): Sql {
  return sql`file_ids @> array[${fileId}::uuid]`;
}

/** Does it: what goes and what stays is up to the schema. */
export async function erase(
  tx: WriteTx,
  { id, fileId, staffId, archive }: {
    readonly id: string;
    readonly fileId: string;
    readonly staffId: string;
    readonly archive: Uint8Array | null;
  },
): Promise<ErasureRow> {
  await tx.rows(sql`
    select erase_patient(${id}, ${fileId}, ${staffId}, ${archive}::bytea)`);
  return (await findErasure(tx, id))!;
}
