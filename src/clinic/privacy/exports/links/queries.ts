import { sql } from "../../../../db/sql.ts";
import type { ReadTx, WriteTx } from "../../../../tenancy/clinic_db.ts";

/** A link that can be followed now, and the archive that it leads to. */
export interface ExportLinkRow {
  readonly export_id: string;
  readonly patient_id: string;
  readonly size_bytes: number;
  readonly made_at: string;
}

/** Somebody who fetches an archive in vain gets another link for as long. */
const HOURS_AFTER_FETCH = 24;

export function findLink(
  tx: ReadTx,
  hash: Uint8Array,
): Promise<ExportLinkRow | undefined> {
  return tx.row(sql`
    select l.export_id, e.patient_id, e.size_bytes, e.made_at
    from patient_export_links l join patient_exports e on e.id = l.export_id
    where l.hash = ${hash} and l.used_at is null and l.expires_at > now()
      and e.state in ('ready', 'fetched') and e.expires_at > now()`);
}

/** Uses a link up. @returns false when it was used up before, or leads nowhere by now */
export async function useLink(tx: WriteTx, hash: Uint8Array): Promise<boolean> {
  const used = await tx.rows<{ export_id: string }>(sql`
    update patient_export_links set used_at = now()
    where hash = ${hash} and used_at is null and expires_at > now()
    returning export_id`);
  const id = used[0]?.export_id;
  if (id === undefined) return false;
  const fetched = await tx.rows(sql`update patient_exports
    set state = 'fetched', fetched_at = coalesce(fetched_at, now()),
      expires_at = case when fetched_at is null then least(expires_at,
        now() + make_interval(hours => ${HOURS_AFTER_FETCH}))
        else expires_at end
    where id = ${id} and state in ('ready', 'fetched') and expires_at > now()
    returning id`);
  return fetched.length > 0;
}

/** @returns until when it can be followed */
export async function insertLink(
  tx: WriteTx,
  link: {
    readonly hash: Uint8Array;
    readonly exportId: string;
    readonly hours: number;
  },
): Promise<string> {
  const { hash, exportId, hours } = link;
  const row = await tx.row<{ expires_at: string }>(sql`
    insert into patient_export_links (hash, export_id, expires_at)
    select ${hash}::bytea, id,
      least(expires_at, now() + make_interval(hours => ${hours}))
    from patient_exports where id = ${exportId}
    returning expires_at`);
  return row!.expires_at;
}

export async function countLinks(
  tx: ReadTx,
  exportId: string,
): Promise<number> {
  const row = await tx.row<{ count: number }>(sql`
    select count(*)::integer as count from patient_export_links
    where export_id = ${exportId}`);
  return row!.count;
}

/** Whether there is an archive that somebody can fetch. */
export async function hasArchive(tx: ReadTx, id: string): Promise<boolean> {
  return await tx.row(sql`select from patient_exports where id = ${id}
    and state in ('ready', 'fetched') and expires_at > now()`) !== undefined;
}

export function findAddressee(
  tx: ReadTx,
  patientId: string,
): Promise<
  { readonly email: string | null; readonly given_names: string } | undefined
> {
  return tx.row(sql`select email, given_names from patients
    where id = ${patientId}`);
}

export interface ChunkRow {
  readonly id: string;
  readonly content_sealed: Uint8Array;
}

export function findChunk(
  tx: ReadTx,
  exportId: string,
  number: number,
): Promise<ChunkRow | undefined> {
  return tx.row(sql`select id, content_sealed from patient_export_chunks
    where export_id = ${exportId} and number = ${number}`);
}
