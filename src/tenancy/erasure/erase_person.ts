import type { ClinicVault, SealedPlace } from "../../crypto/clinic_vault.ts";
import type { Runner } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";

/** What becomes of one category of what is held of a person. */
export interface PlannedCategory {
  readonly category: string;
  readonly action: "erased" | "anonymised" | "kept";
  /** Code of the legal ground. */
  readonly ground: string;
  /** Null for what comes and goes by itself. */
  readonly count: number | null;
  /** The last day on which it has to be kept. */
  readonly ends_on: string | null;
}

/** A person, none of whose files anybody else changes before the transaction ends. */
export interface LockedPerson {
  /** All files, the ones that were merged too. */
  readonly fileIds: readonly string[];
}

/** @returns `undefined` when there is no such file */
export async function lockPerson(
  run: Runner,
  fileId: string,
): Promise<LockedPerson | undefined> {
  const [row] = await run.rows<{ ids: string[] }>(
    sql`select lock_person(${fileId}) as ids`,
  );
  const fileIds = row!.ids;
  return fileIds.length === 0 ? undefined : { fileIds };
}

/** What an erasure of these files would do; decided by the schema. */
export async function readPlan(
  run: Runner,
  fileIds: readonly string[],
): Promise<PlannedCategory[]> {
  return await run.rows<PlannedCategory>(sql`
    select category, action, ground, count::integer as count, ends_on
    from erasure_plan(${fileIds}::uuid[])`);
}

interface NoteRow {
  readonly id: string;
  readonly note_sealed: Uint8Array;
}

/**
 * Seals whose the invoices and records are that the law keeps; only what is needed to say that.
 * @returns `null` when nothing is kept
 */
export async function sealArchive(
  run: Runner,
  vault: ClinicVault,
  erasureId: string,
  fileIds: readonly string[],
  plan: readonly PlannedCategory[],
): Promise<Uint8Array | null> {
  if (plan.every(({ ends_on }) => ends_on === null)) return null;
  const [[row], notes] = await Promise.all([
    run.rows<{ contents: object }>(
      sql`select erasure_archive(${fileIds}::uuid[]) as contents`,
    ),
    run.rows<NoteRow>(sql`
      select id, note_sealed from documents
      where patient_id = any (${fileIds}::uuid[]) and note_sealed is not null
        and state not in ('draft', 'sent', 'rejected')`),
  ]);
  const contents = {
    ...row!.contents,
    notes: Object.fromEntries(
      notes.map(({ id, note_sealed }) => [
        id,
        vault.openText(notePlace(id), note_sealed),
      ]),
    ),
  };
  return vault.sealText(archivePlace(erasureId), JSON.stringify(contents));
}

/** Forgets whose it was when the last day of what was kept is over, as part of the clinic's upkeep. @returns how many */
export async function purgeEndedArchives(run: Runner): Promise<number> {
  const rows = await run.rows(sql`
    delete from erasure_archives
    where ends_on < (now() at time zone 'utc')::date returning erasure_id`);
  return rows.length;
}

/** Where an archive is sealed. */
export function archivePlace(erasureId: string): SealedPlace {
  return {
    table: "erasure_archives",
    column: "contents_sealed",
    row: erasureId,
  };
}

function notePlace(row: string) {
  return { table: "documents", column: "note_sealed", row };
}
