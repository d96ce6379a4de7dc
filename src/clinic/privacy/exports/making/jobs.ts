import type { Runner } from "../../../../db/connection.ts";
import { type Sql, sql } from "../../../../db/sql.ts";
import { uuidv7 } from "../../../../kernel/ids.ts";
import type { StaffRole } from "../../../../kernel/permissions.ts";
import type { Clinic } from "../../../../tenancy/clinic.ts";
import type { ClinicGate } from "../../../../tenancy/clinic_gate.ts";
import type { ClinicPools } from "../../../../tenancy/pools/clinic_pools.ts";
import { chunkPlace } from "../rules.ts";

/** An export that this process is to make now. */
export interface Job {
  readonly id: string;
  readonly patient_id: string;
  readonly requested_by: string;
  readonly role: StaffRole;
  readonly request_id: string;
  readonly passphrase_sealed: Uint8Array;
  readonly attempt: number;
}

/** Somebody else makes it by now, or nobody is to. */
export class JobLost extends Error {
  override readonly name = "JobLost";

  constructor() {
    super("Cannot go on with export: it is somebody else's, or was taken back");
  }
}

export interface JobStoreOptions {
  readonly gate: ClinicGate;
  readonly pools: ClinicPools;
  readonly clinicId: string;
  readonly leaseMs: number;
}

/**
 * The exports of one clinic that are waiting or being made. The clinic is looked up for every step: what takes long
 * must notice that it was suspended, and use its new password and keys.
 */
export class JobStore {
  readonly #options: JobStoreOptions;

  constructor(options: JobStoreOptions) {
    this.#options = options;
  }

  get clinicId(): string {
    return this.#options.clinicId;
  }

  async isOpen(): Promise<boolean> {
    const { gate, clinicId } = this.#options;
    return (await gate.findById(clinicId))?.state === "active";
  }

  /** @throws {JobLost} when nobody is to work in it */
  async clinic(): Promise<Clinic> {
    const { gate, clinicId } = this.#options;
    const clinic = await gate.findById(clinicId);
    if (clinic?.state !== "active") throw new JobLost();
    return clinic;
  }

  /**
   * Takes the export that has waited longest, or whose process has not been heard of for as long as its lease; what that
   * one left is removed.
   */
  async claim(): Promise<Job | undefined> {
    return await this.#transaction(async (run) => {
      const [job] = await run.rows<Job>(sql`
        with next as (
          select id from patient_exports
          where state in ('waiting', 'running')
            and coalesce(lease_until <= now(), true)
          order by created_at, id limit 1 for update skip locked)
        update patient_exports as e set state = 'running',
          attempt = e.attempt + 1, lease_until = ${this.#lease()}
        from next, staff as s
        where e.id = next.id and s.id = e.requested_by
        returning e.id, e.patient_id, e.requested_by, s.role, e.request_id,
          e.passphrase_sealed, e.attempt`);
      if (job) {
        await run.rows(
          sql`delete from patient_export_chunks where export_id = ${job.id}`,
        );
      }
      return job;
    });
  }

  /** @throws {JobLost} */
  async hold(job: Job): Promise<void> {
    const held = await this.#change(sql`${this.#held(job)} returning id`);
    if (held.length === 0) throw new JobLost();
  }

  /** Stores a piece of the archive, and holds on to the job. @throws {JobLost} */
  async add(job: Job, number: number, bytes: Uint8Array): Promise<void> {
    const id = uuidv7();
    const { vault } = await this.clinic();
    const sealed = vault.sealBytes(chunkPlace(id), bytes);
    // One statement: whoever claims the job waits for it, and then removes the chunk.
    const stored = await this.#change(sql`
      with held as (${this.#held(job)} returning id)
      insert into patient_export_chunks (id, export_id, number, content_sealed)
      select ${id}::uuid, id, ${number}::integer, ${sealed}::bytea
      from held returning id`);
    if (stored.length === 0) throw new JobLost();
  }

  /** Gives the job back. @param pauseMs before somebody takes it up again */
  async putBack(
    { id, attempt }: Job,
    { pauseMs, counts }: { readonly pauseMs: number; readonly counts: boolean },
  ): Promise<void> {
    await this.#change(sql`update patient_exports set state = 'waiting',
        attempt = attempt - ${counts ? 0 : 1}::smallint,
        lease_until = now() + make_interval(secs => ${pauseMs / 1000})
      where id = ${id} and attempt = ${attempt} and state = 'running'`);
  }

  #lease(): Sql {
    const seconds = this.#options.leaseMs / 1000;
    return sql`now() + make_interval(secs => ${seconds})`;
  }

  #held({ id, attempt }: Job): Sql {
    return sql`update patient_exports set lease_until = ${this.#lease()}
      where id = ${id} and attempt = ${attempt} and state = 'running'`;
  }

  #change(statement: Sql): Promise<unknown[]> {
    return this.#transaction((run) => run.rows(statement));
  }

  async #transaction<T>(fn: (run: Runner) => Promise<T>): Promise<T> {
    const clinic = await this.clinic();
    return await this.#options.pools.use(
      clinic,
      (pool) => pool.transaction("read write", fn),
    );
  }
}
