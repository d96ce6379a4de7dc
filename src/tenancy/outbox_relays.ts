import { drainOutbox } from "../audit/outbox_relay.ts";
import type { Pool } from "../db/pool.ts";
import { type Sql, sql } from "../db/sql.ts";
import type { ClinicId } from "../kernel/ids.ts";
import type { Logger } from "../kernel/log.ts";
import type { Clinic } from "./clinic.ts";
import type { ClinicPools } from "./pools/clinic_pools.ts";

export interface OutboxRelaysOptions {
  readonly pools: ClinicPools;
  readonly central: Pick<Pool, "read">;
  readonly log: Logger;
}

interface Relay {
  clinic: Clinic;
  /** Changed again while it ran. */
  again: boolean;
  failures: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  running: Promise<void> | undefined;
}

/** Events of so long, in milliseconds, travel together. */
const GATHER_MS = 50;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** Between two looks at whether others have relayed what they have begun with. */
const SETTLE_MS = 20;

/**
 * Brings events of changes from the clinics that this process serves to the central trail, soon after they were made and
 * while nobody waits. What a process that died left behind is taken by the next one that changes something there, or by
 * the worker's round.
 */
export class OutboxRelays {
  readonly #options: OutboxRelaysOptions;
  readonly #relays = new Map<ClinicId, Relay>();
  #closed = false;

  constructor(options: OutboxRelaysOptions) {
    this.#options = options;
  }

  /** Says that a change was committed. Returns at once and never throws. */
  changed(clinic: Clinic): void {
    if (this.#closed) return;
    const relay = this.#relays.get(clinic.id);
    if (!relay) {
      const made: Relay = {
        clinic,
        again: false,
        failures: 0,
        timer: undefined,
        running: undefined,
      };
      this.#relays.set(clinic.id, made);
      this.#later(made, GATHER_MS);
    } else {
      // Loaded anew, it may have another password.
      relay.clinic = clinic;
      relay.again = relay.running !== undefined;
    }
  }

  /**
   * Settles when every event that a clinic has committed by now is on the trail: for who reads there what was just done.
   * @throws {DatabaseError} when either side cannot be reached
   */
  async settled(
    clinic: Clinic,
    options?: { readonly signal?: AbortSignal },
  ): Promise<void> {
    const { pools, central } = this.#options;
    const store = (statement: Sql) => central.read(statement);
    await pools.use(clinic, async (pool) => {
      const [before] = await pool.read<{ now: string }>(
        sql`select clock_timestamp() as now`,
      );
      for (;;) {
        await drainOutbox(pool, store, clinic.id);
        // Those that somebody else is relaying are skipped, and are not there yet.
        const [left] = await pool.read<{ waiting: boolean }>(sql`
          select exists (select from audit_outbox
            where relayed_at is null and at <= ${before!.now}) as waiting`);
        if (!left!.waiting) return;
        options?.signal?.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      }
    });
  }

  /** Relays what is known to wait, once; what cannot be relayed now stays in its outbox. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      [...this.#relays.values()].map(async (relay) => {
        clearTimeout(relay.timer);
        await relay.running;
        clearTimeout(relay.timer);
        if (this.#relays.has(relay.clinic.id)) await this.#run(relay);
        clearTimeout(relay.timer);
      }),
    );
  }

  #later(relay: Relay, milliseconds: number): void {
    relay.timer = setTimeout(() => {
      relay.running = this.#run(relay).finally(() => {
        relay.running = undefined;
      });
    }, milliseconds);
  }

  async #run(relay: Relay): Promise<void> {
    const { pools, central, log } = this.#options;
    const { clinic } = relay;
    relay.again = false;
    try {
      const store = (statement: Sql) => central.read(statement);
      await pools.use(clinic, (pool) => drainOutbox(pool, store, clinic.id));
      relay.failures = 0;
      if (relay.again) this.#later(relay, GATHER_MS);
      else this.#relays.delete(clinic.id);
    } catch (error) {
      if (relay.failures++ === 0) {
        log.error("outbox.not_relayed", error, { clinicId: clinic.id });
      }
      const pause = FIRST_RETRY_MS * 2 ** Math.min(relay.failures, 10);
      this.#later(relay, Math.min(pause, MAX_RETRY_MS));
    }
  }
}
