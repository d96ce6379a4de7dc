import { drainOutbox } from "../../audit/outbox_relay.ts";
import {
  addTrailMonths,
  type CutOptions,
  cutTrail,
} from "../../audit/trail_months.ts";
import type { Connection } from "../../db/connection.ts";
import { type Sql, sql } from "../../db/sql.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/log.ts";
import { purgeEndedArchives } from "../erasure/erase_person.ts";
import { purgeIdempotencyKeys } from "../idempotency_keys.ts";
import { purgePatientExports } from "../patient_exports.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  withDatabase,
} from "../provisioning/admin.ts";
import { removeFromPlatform } from "../retention/platform_retention.ts";
import { retireTokenKeys } from "../rotation/token_key.ts";

export interface ChoresOptions {
  readonly login: AdminLogin;
  readonly cell: string;
  /** Lifetime of an access token. */
  readonly tokenSeconds: number;
  /** How long the trail is kept, and who vouches for what was removed. */
  readonly trail: Omit<CutOptions, "at">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when the worker is to end. */
  readonly signal: AbortSignal;
}

interface ClinicRow {
  readonly id: ClinicId;
  readonly database_name: string;
  /** Whether an old key of its tokens is kept. */
  readonly retiring: boolean;
}

/** Does the chores now and then, never twice at once. */
export class Chores {
  readonly #options: Omit<ChoresOptions, "signal">;
  readonly #stopping = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #running: Promise<void> | undefined;

  /** Begins at once. */
  constructor(options: Omit<ChoresOptions, "signal">, everyMs: number) {
    this.#options = options;
    this.#timer = setInterval(() => this.#begin(), everyMs);
    this.#begin();
  }

  /** Settles when the clinic that is being looked after has been. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#running;
  }

  #begin(): void {
    const { signal } = this.#stopping;
    this.#running ??= doChores({ ...this.#options, signal })
      .catch((error) => this.#options.log.error("chores.failed", error))
      .finally(() => this.#running = undefined);
  }
}

/**
 * What has to be done from time to time, on the platform and in every clinic of a cell: keeps the trail's
 * months, relays events that a process left behind when it was killed, forgets answers that are kept for
 * repeated requests, archives of patients' files that nobody can fetch any more, identities of who was erased when
 * nothing of theirs has to be kept any more, and keys whose last token has run out.
 * One worker at a time; a clinic that fails is left for the next time.
 */
export async function doChores(options: ChoresOptions): Promise<void> {
  const { login, cell, signal, log } = options;
  await withDatabase(login, CENTRAL_DATABASE, async (central) => {
    const [lock] = await central.rows<{ held: boolean }>(sql`
      select pg_try_advisory_lock(hashtextextended('chores/' || ${cell}, 0)) as held`);
    if (!lock?.held) return;
    await keepTrail(central, options);
    await purgeIdempotencyKeys(central);
    await removeFromPlatform(central);
    for (const clinic of await findClinics(central, cell)) {
      if (signal.aborted) return;
      try {
        await doIn(clinic, central, options);
      } catch (error) {
        log.error("chores.failed", error, { clinicId: clinic.id });
      }
    }
    log.info("chores.done", { cell });
  });
}

/** Room for the months to come, and none for those whose time is over. When the trail is busy, that can wait. */
async function keepTrail(
  central: Connection,
  { trail, clock, log }: ChoresOptions,
): Promise<void> {
  try {
    const made = await addTrailMonths(central);
    const at = new Date(clock()).toISOString();
    const removed = await cutTrail(central, { ...trail, at });
    if (made + removed > 0) log.info("chores.trail", { made, removed });
  } catch (error) {
    log.error("chores.failed", error);
  }
}

async function findClinics(
  central: Connection,
  cell: string,
): Promise<ClinicRow[]> {
  return await central.rows<ClinicRow>(sql`
    select clinics.id, database_name,
      exists (select from clinic_secrets where clinic_id = clinics.id
        and purpose = 'token-key' and retired_at is not null) as retiring
    from clinics
    join cells on cells.id = cell_id
    where cells.name = ${cell}
      and clinics.state in ('active', 'suspended', 'closing')
    order by clinics.id`);
}

async function doIn(
  { id, database_name, retiring }: ClinicRow,
  central: Connection,
  { login, tokenSeconds, log }: ChoresOptions,
): Promise<void> {
  const store = (statement: Sql) => central.rows(statement);
  const [relayed, forgotten, expired] = await withDatabase(
    login,
    database_name,
    async (connection) => {
      await connection.script("set role cloison_owner");
      return [
        await drainOutbox(connection, store, id),
        await purgeIdempotencyKeys(connection) +
        await purgeEndedArchives(connection),
        await purgePatientExports(connection),
      ];
    },
  );
  const retired = retiring
    ? await retireTokenKeys({ login }, id, tokenSeconds)
    : 0;
  if (relayed + forgotten + expired + retired > 0) {
    const done = { relayed, forgotten, expired, retired };
    log.info("chores.clinic", { clinicId: id, ...done });
  }
}
