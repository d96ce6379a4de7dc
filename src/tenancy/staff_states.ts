import { literal, sql } from "../db/sql.ts";
import type { Clock } from "../kernel/clock.ts";
import type { ClinicId, SessionId, StaffId } from "../kernel/ids.ts";
import type { Logger } from "../kernel/log.ts";
import type { StaffRole } from "../kernel/permissions.ts";
import { withTimeLimit } from "../kernel/time_limit.ts";
import type { Clinic } from "./clinic.ts";
import { readClinic } from "./clinic_db.ts";
import type { ClinicPools } from "./pools/clinic_pools.ts";

/** What an access token claims, and a clinic may have taken back since. */
export interface StaffClaims {
  readonly staffId: StaffId;
  readonly sessionId: SessionId;
  readonly role: StaffRole;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
}

export interface StaffStatesOptions {
  readonly pools: ClinicPools;
  readonly clock: Clock;
  /** Seconds that an access token lasts: a session that was revoked longer ago has none left. */
  readonly tokenSeconds: number;
  /** Clinics kept in memory; the one not asked for the longest goes first. */
  readonly maxEntries: number;
  /** Tells every API process that something changed in this clinic. */
  readonly announce: (id: ClinicId) => Promise<void>;
  readonly log: Logger;
}

interface StaffState {
  readonly roles: ReadonlyMap<string, StaffRole>;
  readonly revoked: ReadonlySet<string>;
  /** Milliseconds since the epoch; nothing that happened before is missing. */
  readonly loadedAt: number;
}

interface Loading {
  /** Something changed after the reading had begun. */
  stale: boolean;
  state: Promise<StaffState>;
}

/** A member of the staff who is active; or, without a role, a session that was revoked. */
interface StateRow {
  readonly id: string;
  readonly role: StaffRole | null;
}

/** How long a state is believed while no changes can be heard, in milliseconds. */
const DEAF_LIFETIME_MS = 1_000;
/**
 * The same while they can: a process that dies between its commit and its announcement leaves nobody who would repeat
 * it. In milliseconds; one short query a clinic in use.
 */
const LIFETIME_MS = 30_000;
/** How far the clocks of two API processes may be apart, and what is lost by counting in seconds. In milliseconds. */
const CLOCK_SKEW_MS = 5_000;
/** How long who made a change waits for its announcement, in milliseconds. */
const ANNOUNCE_MS = 1_000;
/** Between two attempts to announce a change: doubled up to the last, and made until one succeeds. In milliseconds. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;

/**
 * Who may still use the access tokens they hold: for each clinic in use, its active staff with their roles, and the
 * sessions that were revoked while tokens of them may live. Read from the clinic's database once, then kept until a
 * change is announced, so that no request pays for it.
 */
export class StaffStates {
  readonly #options: StaffStatesOptions;
  readonly #states = new Map<ClinicId, StaffState>(); // insertion order is recency
  readonly #loading = new Map<ClinicId, Loading>();
  readonly #unannounced = new Map<ClinicId, ReturnType<typeof setTimeout>>();
  #hearing = false;

  constructor(options: StaffStatesOptions) {
    this.#options = options;
  }

  /** Whether the claims still hold: the session goes on, and the account is active in the same role. */
  async holds(clinic: Clinic, claims: StaffClaims): Promise<boolean> {
    const known = this.#fresh(clinic.id);
    const readForThis = !known && !this.#loading.has(clinic.id);
    const state = known ?? await this.#load(clinic);
    if (fits(state, claims)) return true;
    const isOlder = claims.issuedAt * 1000 + CLOCK_SKEW_MS < state.loadedAt;
    if (isOlder || readForThis) return false;
    // Its log-in, or the change before that, may not have been heard of yet.
    this.drop(clinic.id);
    return fits(await this.#load(clinic), claims);
  }

  /**
   * A change was committed: forgets what it made untrue here, then tells the other processes. Never throws; an
   * announcement that fails is made again until it succeeds.
   */
  async changed(id: ClinicId): Promise<void> {
    this.drop(id);
    await this.#announce(id, FIRST_RETRY_MS);
  }

  /** A change was announced. */
  drop(id: string): void {
    this.#states.delete(id as ClinicId);
    const loading = this.#loading.get(id as ClinicId);
    if (loading) loading.stale = true;
  }

  /** Changes can be heard from now on; what was read before may have missed some. */
  startHearing(): void {
    this.#hearing = true;
    this.#states.clear();
    for (const loading of this.#loading.values()) loading.stale = true;
  }

  /** Changes cannot be heard any more: until they can, a state is believed for one second only. */
  stopHearing(): void {
    this.#hearing = false;
  }

  /** Gives up announcements that could not be made. */
  close(): void {
    for (const timer of this.#unannounced.values()) clearTimeout(timer);
    this.#unannounced.clear();
  }

  #fresh(id: ClinicId): StaffState | undefined {
    const state = this.#states.get(id);
    if (!state) return undefined;
    const lifetime = this.#hearing ? LIFETIME_MS : DEAF_LIFETIME_MS;
    if (this.#options.clock() - state.loadedAt >= lifetime) return undefined;
    this.#states.delete(id);
    this.#states.set(id, state);
    return state;
  }

  /** Many who ask at once cause one reading. */
  async #load(clinic: Clinic): Promise<StaffState> {
    const running = this.#loading.get(clinic.id);
    if (running) return await running.state;
    const loading: Loading = { stale: false, state: undefined as never };
    this.#loading.set(clinic.id, loading);
    loading.state = this.#read(clinic, loading).finally(() =>
      this.#loading.delete(clinic.id)
    );
    return await loading.state;
  }

  async #read(clinic: Clinic, loading: Loading): Promise<StaffState> {
    const { pools, clock, tokenSeconds } = this.#options;
    // No parameter: the first statement on a connection then takes one round trip less. And no JSON: the first statement of
    // a backend pays for everything that it names.
    const seconds = tokenSeconds + 2 * CLOCK_SKEW_MS / 1000;
    const lifetime = literal(`${seconds} seconds`);
    for (;;) {
      loading.stale = false;
      const loadedAt = clock();
      const rows = await readClinic(
        pools,
        clinic,
        (tx) =>
          tx.rows<StateRow>(sql`
            select id, role from staff where state = 'active'
            union all
            select id, null from sessions
            where revoked_at > now() - ${lifetime}::interval`),
      );
      // A change came in between: what was read may be the state before it.
      if (loading.stale) continue;
      const state: StaffState = {
        roles: new Map(
          rows.flatMap(({ id, role }) => role === null ? [] : [[id, role]]),
        ),
        revoked: new Set(
          rows.filter(({ role }) => role === null).map(({ id }) => id),
        ),
        loadedAt,
      };
      this.#keep(clinic.id, state);
      return state;
    }
  }

  #keep(id: ClinicId, state: StaffState): void {
    this.#states.delete(id);
    this.#states.set(id, state);
    for (const oldest of this.#states.keys()) {
      if (this.#states.size <= this.#options.maxEntries) break;
      this.#states.delete(oldest);
    }
  }

  async #announce(id: ClinicId, retryMs: number): Promise<void> {
    const { announce, log } = this.#options;
    try {
      await withTimeLimit(announce(id), ANNOUNCE_MS, noAnswer);
    } catch (error) {
      log.error("staff.change_not_announced", error, { clinicId: id });
      clearTimeout(this.#unannounced.get(id));
      const next = Math.min(retryMs * 2, LAST_RETRY_MS);
      const timer = setTimeout(() => {
        this.#unannounced.delete(id);
        this.#announce(id, next);
      }, retryMs);
      this.#unannounced.set(id, timer);
    }
  }
}

function fits(state: StaffState, claims: StaffClaims): boolean {
  return state.roles.get(claims.staffId) === claims.role &&
    !state.revoked.has(claims.sessionId);
}

function noAnswer(): Error {
  return new Error("Cannot announce change: no answer");
}
