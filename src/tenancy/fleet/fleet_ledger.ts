import type { Connection } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";
import type { ClinicId, NewId } from "../../kernel/ids.ts";
import type { FailureCode, MigrationFailure } from "./migration_failure.ts";

/** A clinic of the registry, as its migration sees it. */
export interface FleetClinic {
  readonly id: ClinicId;
  readonly slug: string;
  readonly database: string;
  readonly state: string;
  /** Number of the last migration of its database, by what the registry knows. */
  readonly version: number;
}

/** What a run is of: a run that was killed is taken up again by one with the same. */
export interface RunIdentity {
  readonly cell: string;
  readonly targetVersion: number;
  readonly migrationsHash: string;
  /** Short names; null for all clinics of the cell. */
  readonly only: readonly string[] | null;
}

export interface FleetRun {
  readonly id: string;
  /** How often it was taken up again. */
  readonly resumed: number;
}

/** A clinic's line in the ledger of a run. */
export interface LedgerLine {
  readonly clinicId: ClinicId;
  readonly canary: boolean;
  readonly fromVersion: number;
  readonly version: number;
  readonly state: "pending" | "running" | "succeeded" | "failed";
  readonly attempts: number;
  readonly errorCode: FailureCode | null;
}

export type RunEnd =
  | { readonly state: "succeeded" | "incomplete" }
  | { readonly state: "halted"; readonly haltedBy: "canary" | "failures" };

/** The tables `fleet_runs` and `fleet_migrations` of the central database: what a run has done survives the run. */
export class FleetLedger {
  readonly #central: Connection;

  constructor(central: Connection) {
    this.#central = central;
  }

  /**
   * The clinics of a cell that were not closed, the oldest first.
   * @param only short names; null for all
   */
  clinics(
    cell: string,
    only: readonly string[] | null,
  ): Promise<FleetClinic[]> {
    return this.#central.rows<FleetClinic>(sql`
      select clinics.id, slug, database_name as database, clinics.state,
        schema_version as version
      from clinics join cells on cells.id = clinics.cell_id
      where cells.name = ${cell} and clinics.state <> 'closed'
        and (${only}::text[] is null or slug = any (${only}::text[]))
      order by clinics.id`);
  }

  /**
   * Until the connection ends, nobody else runs on this cell.
   * @returns whether nobody did, after this time at the latest
   */
  async claim(cell: string, milliseconds: number): Promise<boolean> {
    const deadline = performance.now() + milliseconds;
    do {
      const [row] = await this.#central.rows<{ claimed: boolean }>(sql`
        select pg_try_advisory_lock(
          hashtextextended('fleet/' || ${cell}::text, 0)) as claimed`);
      if (row?.claimed) return true;
      // A run that was killed holds it for as long as its session takes to notice.
      await new Promise((resolve) => setTimeout(resolve, 100));
    } while (performance.now() < deadline);
    return false;
  }

  /** Says which programs the schema that clinics are about to get still serves. */
  async declare(version: number, oldestCode: number): Promise<void> {
    await this.#central.rows(sql`
      insert into clinic_schemas (version, oldest_code)
      values (${version}, ${oldestCode})
      on conflict (version) do update set oldest_code = excluded.oldest_code`);
  }

  /** Goes on with the run of the same identity that was killed, or begins one. To be called with the cell claimed. */
  async begin(identity: RunIdentity, newId: NewId): Promise<FleetRun> {
    const { cell, targetVersion, migrationsHash, only } = identity;
    const [resumed] = await this.#central.rows<FleetRun>(sql`
      update fleet_runs set resumed = resumed + 1
      from cells where cells.id = cell_id and cells.name = ${cell}
        and fleet_runs.state = 'running'
        and migrations_hash = ${migrationsHash}
        and only_slugs is not distinct from ${only}::text[]
      returning fleet_runs.id, resumed`);
    if (resumed) return resumed;
    await this.#central.rows(sql`
      update fleet_runs set state = 'abandoned', finished_at = now()
      from cells where cells.id = cell_id and cells.name = ${cell}
        and fleet_runs.state = 'running'`);
    const [begun] = await this.#central.rows<FleetRun>(sql`
      insert into fleet_runs (id, cell_id, target_version, migrations_hash, only_slugs)
      select ${newId()}, id, ${targetVersion}, ${migrationsHash}, ${only}::text[]
      from cells where name = ${cell}
      returning id, resumed`);
    if (!begun) throw new Error(`Cannot migrate: there is no cell ${cell}`);
    return begun;
  }

  /**
   * Puts clinics on the run's list; those that are on it stay as they are, but what had failed may be tried again.
   * @returns the whole list
   */
  async enlist(
    run: FleetRun,
    clinics: readonly FleetClinic[],
    canaries: ReadonlySet<ClinicId>,
  ): Promise<LedgerLine[]> {
    const lines = clinics.map(({ id, version }) => ({
      id,
      version,
      canary: canaries.has(id),
    }));
    await this.#central.rows(sql`
      insert into fleet_migrations (run_id, clinic_id, canary, from_version, version)
      select ${run.id}, id, canary, version, version
      from jsonb_to_recordset(${lines}::jsonb)
        as line (id uuid, version integer, canary boolean)
      on conflict do nothing`);
    await this.#central.rows(sql`
      update fleet_migrations set state = 'pending', error_code = null,
        error_state = null, error_migration = null, error_detail = null,
        finished_at = null
      where run_id = ${run.id} and state in ('failed', 'running')
        and clinic_id = any (${clinics.map(({ id }) => id)}::uuid[])`);
    return await this.lines(run.id);
  }

  lines(runId: string): Promise<LedgerLine[]> {
    return this.#central.rows<LedgerLine>(sql`
      select clinic_id as "clinicId", canary, from_version as "fromVersion",
        version, state, attempts, error_code as "errorCode"
      from fleet_migrations where run_id = ${runId} order by clinic_id`);
  }

  async start(run: FleetRun, id: ClinicId): Promise<void> {
    await this.#central.rows(sql`
      update fleet_migrations set state = 'running', attempts = attempts + 1,
        started_at = coalesce(started_at, clock_timestamp())
      where run_id = ${run.id} and clinic_id = ${id}`);
  }

  /** The line and the registry in one statement. Every API process hears of it, and opens the clinic anew. */
  async succeed(run: FleetRun, id: ClinicId, version: number): Promise<void> {
    await this.#central.rows(sql`
      with line as (
        update fleet_migrations set state = 'succeeded', version = ${version},
          finished_at = clock_timestamp()
        where run_id = ${run.id} and clinic_id = ${id}
        returning clinic_id)
      update clinics set schema_version = ${version}
      from line where clinics.id = line.clinic_id`);
  }

  /** @param version what the database has nevertheless: files before the one that failed stay applied */
  async fail(
    run: FleetRun,
    id: ClinicId,
    version: number | undefined,
    { code, state, migration, detail }: MigrationFailure,
  ): Promise<void> {
    await this.#central.rows(sql`
      with line as (
        update fleet_migrations set state = 'failed',
          version = coalesce(${version ?? null}::integer, version),
          error_code = ${code}, error_state = ${state},
          error_migration = ${migration}, error_detail = ${detail},
          finished_at = clock_timestamp()
        where run_id = ${run.id} and clinic_id = ${id}
        returning clinic_id, version)
      update clinics set schema_version = line.version
      from line where clinics.id = line.clinic_id
        and clinics.schema_version <> line.version`);
  }

  async end(run: FleetRun, end: RunEnd): Promise<void> {
    const haltedBy = end.state === "halted" ? end.haltedBy : null;
    await this.#central.rows(sql`
      update fleet_runs set state = ${end.state}, halted_by = ${haltedBy},
        finished_at = now()
      where id = ${run.id}`);
  }
}
