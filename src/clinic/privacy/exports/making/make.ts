import type { ClinicTrail } from "../../../../audit/trail_reader.ts";
import { sql } from "../../../../db/sql.ts";
import type { StaffId } from "../../../../kernel/ids.ts";
import type { ClinicDb } from "../../../../tenancy/clinic_db.ts";
import type { ClinicGate } from "../../../../tenancy/clinic_gate.ts";
import type { OutboxRelays } from "../../../../tenancy/outbox_relays.ts";
import { passphrasePlace } from "../rules.ts";
import type { ExportFailure } from "../schemas.ts";
import { type Archive, writeArchive } from "./archive.ts";
import { collect, type ExportParts } from "./collect.ts";
import { type Job, JobLost, type JobStore } from "./jobs.ts";
import { readMe } from "./read_me.ts";

export interface JobScope {
  readonly gate: ClinicGate;
  readonly relays: Pick<OutboxRelays, "settled">;
  readonly trailOf: (clinicId: string) => ClinicTrail;
  readonly parts: ExportParts;
  readonly leaseMs: number;
  readonly store: JobStore;
  readonly job: Job;
  readonly signal: AbortSignal;
}

/**
 * Reads what the clinic has, and stores it as an archive that is ready to be fetched.
 * @throws {JobLost} when it is somebody else's by now; the signal's reason when it is to stop
 */
export async function makeJob(scope: JobScope): Promise<void> {
  const { store, job, leaseMs, parts, relays, trailOf, signal } = scope;
  const clinic = await store.clinic();
  const { vault, name, id: clinicId } = clinic;
  // Or the archive would not tell of what was done a moment ago: that it was asked for, to begin with.
  await relays.settled(clinic, { signal });
  const db = await databaseOf(scope);
  let heldAt = performance.now();
  const hold = async () => {
    signal.throwIfAborted();
    if (performance.now() - heldAt < leaseMs / 4) return;
    await store.hold(job);
    heldAt = performance.now();
  };
  const passphrase = vault.openText(
    passphrasePlace(job.id),
    job.passphrase_sealed,
  );
  const patientId = job.patient_id;
  const trail = trailOf(clinicId);
  const options = { db, vault, trail, parts, patientId, goOn: hold };
  const { files, readAt } = await collect(options);
  const archive = await writeArchive({
    passphrase,
    files: [readMe(name), ...files].map((file) => ({
      ...file,
      content: async () => {
        await hold();
        return await file.content();
      },
    })),
    about: { exportId: job.id, clinic: name, patientId, readAt },
    store: async (number, bytes) => {
      signal.throwIfAborted();
      await store.add(job, number, bytes);
      heldAt = performance.now();
    },
  });
  signal.throwIfAborted();
  await finish(await databaseOf(scope), job, archive);
}

async function finish(
  db: ClinicDb,
  { id, attempt, patient_id: patientId }: Job,
  { sizeBytes, hash }: Archive,
): Promise<void> {
  await db.write(async (tx) => {
    const done = await tx.rows(sql`update patient_exports
      set state = 'ready', passphrase_sealed = null, lease_until = null,
        size_bytes = ${sizeBytes}, archive_hash = ${hash}, made_at = now(),
        expires_at = now() + make_interval(days => days)
      where id = ${id} and attempt = ${attempt} and state = 'running'
      returning id`);
    if (done.length === 0) throw new JobLost();
    return tx.audit(
      { action: "export.make", entityId: id, patientId },
      undefined,
    );
  });
}

/** It will not be made: nothing of it stays. @throws {JobLost} */
export async function failJob(
  scope: JobScope,
  failure: ExportFailure,
): Promise<void> {
  const { id, attempt, patient_id: patientId } = scope.job;
  const db = await databaseOf(scope);
  await db.write(async (tx) => {
    const done = await tx.rows(sql`update patient_exports
      set state = 'failed', failure = ${failure}, passphrase_sealed = null,
        lease_until = null
      where id = ${id} and attempt = ${attempt} and state = 'running'
      returning id`);
    if (done.length === 0) throw new JobLost();
    await tx.rows(
      sql`delete from patient_export_chunks where export_id = ${id}`,
    );
    return tx.audit(
      { action: "export.fail", entityId: id, patientId },
      undefined,
    );
  });
}

/** In the name of who asked for it, and of that request. */
async function databaseOf(
  { gate, store, job }: JobScope,
): Promise<ClinicDb> {
  const clinic = await store.clinic();
  const actor = {
    clinicId: clinic.id,
    staffId: job.requested_by as StaffId,
    sessionId: null,
    role: job.role,
  };
  return gate.enter(clinic, actor, {
    requestId: job.request_id,
    address: null,
  });
}
