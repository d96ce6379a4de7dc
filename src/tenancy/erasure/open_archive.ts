import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import type { Runner } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";
import { archivePlace } from "./erase_person.ts";

/** Whose the things are that an erasure left, because the law keeps them. */
export interface OpenedArchive {
  readonly patientId: string;
  /** The last day on which it is there. */
  readonly endsOn: string;
  /** Names and addresses by file, buyers and notes by document, network addresses by event of a consent. */
  readonly contents: Record<string, unknown>;
}

/**
 * Opens what an erasure sealed. The owner's right: no clinic's role reads it.
 * @returns `undefined` when there is no such erasure, or nothing is kept of it
 */
export async function openArchive(
  run: Runner,
  vault: ClinicVault,
  erasureId: string,
): Promise<OpenedArchive | undefined> {
  const [row] = await run.rows<{
    patient_id: string;
    ends_on: string;
    contents_sealed: Uint8Array;
  }>(sql`
    select patient_id, ends_on, contents_sealed from erasure_archives
    join erasures on erasures.id = erasure_id where erasure_id = ${erasureId}`);
  if (!row) return undefined;
  const text = vault.openText(archivePlace(erasureId), row.contents_sealed);
  return {
    patientId: row.patient_id,
    endsOn: row.ends_on,
    contents: JSON.parse(text),
  };
}
