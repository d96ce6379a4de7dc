import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import type { Connection, Runner } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import { readPlan, sealArchive } from "./erase_person.ts";

/** An erasure as the central ledger knows it: pseudonymous ids, and when. */
export interface LedgerEntry {
  readonly certificate_id: string;
  /** Files of one person; the one that the others were part of is among them. */
  readonly patient_ids: readonly string[];
  readonly erased_at: string;
}

/** Every erasure of a clinic, the oldest first. */
export async function readLedger(
  central: Connection,
  clinicId: ClinicId,
): Promise<LedgerEntry[]> {
  return await central.rows<LedgerEntry>(sql`
    select certificate_id, min(erased_at) as erased_at,
      array_agg(patient_id order by patient_id) as patient_ids
    from erasure_ledger where clinic_id = ${clinicId}
    group by certificate_id order by min(erased_at), certificate_id`);
}

/** The erasures of a clinic could not be done again: its database must not be opened. */
export class ErasuresNotReplayed extends Error {
  override readonly name = "ErasuresNotReplayed";

  constructor(clinicId: ClinicId, certificateId: string, cause: unknown) {
    super(
      `Cannot open clinic ${clinicId}: erasure ${certificateId} could not be replayed on what was restored (erasures-not-replayed)`,
      { cause },
    );
  }
}

/**
 * Erases again, in a database that was restored, everybody whom the ledger says to be erased; who is, or was never in it,
 * is left alone. As often as one likes.
 * @param connection the restored database, as its owner
 * @returns how many persons were erased again
 * @throws {ErasuresNotReplayed}
 */
export async function replayErasures(
  connection: Connection,
  vault: ClinicVault,
  clinicId: ClinicId,
  entries: readonly LedgerEntry[],
): Promise<number> {
  let erased = 0;
  for (const entry of entries) {
    try {
      const done = await connection.transaction(
        "read write",
        (run) => replay(run, vault, entry),
      );
      if (done) erased++;
    } catch (error) {
      throw new ErasuresNotReplayed(clinicId, entry.certificate_id, error);
    }
  }
  return erased;
}

async function replay(
  run: Runner,
  vault: ClinicVault,
  { certificate_id: id, patient_ids, erased_at }: LedgerEntry,
): Promise<boolean> {
  const [begun] = await run.rows<{ files: string[] }>(
    sql`select begin_replay(${patient_ids}::uuid[]) as files`,
  );
  const { files } = begun!;
  if (files.length === 0) return false;
  const [found] = await run.rows<{ main: string }>(sql`
    select coalesce(min(merged_into::text), ${files[0]!}) as main from patients
    where id = any (${files}::uuid[])`);
  const plan = await readPlan(run, files);
  const archive = await sealArchive(run, vault, id, files, plan);
  await run.rows(sql`
    select perform_erasure(${id}, ${found!.main}, ${files}::uuid[],
      ${erased_at}, null, ${archive}::bytea)`);
  return true;
}
