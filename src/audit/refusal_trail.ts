import { DatabaseError } from "../db/errors.ts";
import type { Pool } from "../db/pool.ts";
import type { PlatformTrailActor, TrailActor } from "../kernel/actor.ts";
import type { RequestOrigin } from "../kernel/audit_event.ts";
import type { Clock } from "../kernel/clock.ts";
import { uuidv7 } from "../kernel/ids.ts";
import type { Logger } from "../kernel/log.ts";
import { insertLines, type LogLine } from "./central_log.ts";

/** A member of a clinic's staff, or a user of the platform. */
type RefusedActor = TrailActor | PlatformTrailActor;

/** A request that was refused. */
export interface Refusal {
  /** Who asked, if that is known for sure. */
  readonly actor: RefusedActor | undefined;
  /** The clinic, where it is known without an actor: a failed log-in, a token whose session is over. */
  readonly clinicId?: string | undefined;
  /** What it was about: the id in the path, the account of a failed log-in. */
  readonly entityId?: string | undefined;
  /** Method and path pattern. */
  readonly operation: string;
  /** The code of the problem. */
  readonly reason: string;
  readonly origin: RequestOrigin;
}

export interface RefusalTrailOptions {
  readonly central: Pool;
  readonly clock: Clock;
  readonly log: Logger;
  /** Lines a second that strangers can cause, and as many at once; 20 unless told. */
  readonly strangerLines?: number;
  /** Lines that may wait to be stored; 1,000 unless told. */
  readonly maxWaiting?: number;
}

/** Sums are stored once a second. */
const SUM_INTERVAL_MS = 1_000;
/** Kinds of refusals that are told apart in the sums of one interval. */
const MAX_SUMS = 200;
const RETRY_MS = 1_000;

/**
 * The trail of refusals, in the central database. Nobody waits for it: the answer to a refused request may leave before
 * its line is stored, and a line that waits is lost with the process.
 *
 * What people who are known are refused is written line by line; the limits of requests bound it. What strangers are
 * refused is written line by line up to a bound, and beyond it as sums, one line a second for each kind: no flood makes
 * the trail grow by more than that, and no refusal goes uncounted.
 */
export class RefusalTrail {
  readonly #options: Required<RefusalTrailOptions>;
  #waiting: LogLine[] = [];
  readonly #sums = new Map<string, LogLine & { count: number }>();
  #writing: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The last attempt to store failed: the next one is made after a pause. */
  #failed = false;
  #tokens: number;
  #refilledAt: number;

  constructor(options: RefusalTrailOptions) {
    this.#options = { strangerLines: 20, maxWaiting: 1_000, ...options };
    this.#tokens = this.#options.strangerLines;
    this.#refilledAt = options.clock();
  }

  /** Takes a refusal; returns at once and never throws. */
  note(refusal: Refusal): void {
    const known = refusal.actor !== undefined;
    const line = this.#toLine(refusal);
    const { maxWaiting } = this.#options;
    if (this.#waiting.length < maxWaiting && (known || this.#takeToken())) {
      this.#waiting.push(line);
      if (!this.#failed) this.#write();
    } else this.#sum(line);
  }

  /** Stores what waits, sums included; gives up what cannot be stored now. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    this.#closeSums();
    await this.#store();
    clearTimeout(this.#timer);
  }

  #toLine({ actor, ...refusal }: Refusal): LogLine {
    return {
      id: uuidv7(),
      at: new Date(this.#options.clock()).toISOString(),
      clinic_id: clinicOf(actor) ?? refusal.clinicId ?? null,
      actor_id: actor ? idOf(actor) : null,
      session_id: actor?.sessionId ?? null,
      role: actor?.role ?? null,
      action: "request.refuse",
      entity: "request",
      entity_id: refusal.entityId ?? null,
      patient_id: null,
      outcome: "refused",
      operation: refusal.operation,
      reason: refusal.reason,
      request_id: refusal.origin.requestId,
      address: refusal.origin.address,
    };
  }

  /** A bucket that holds one second's worth. */
  #takeToken(): boolean {
    const { clock, strangerLines } = this.#options;
    const now = clock();
    const gained = Math.max(0, now - this.#refilledAt) / 1000 * strangerLines;
    this.#tokens = Math.min(strangerLines, this.#tokens + gained);
    this.#refilledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #sum(line: LogLine): void {
    const kind = this.#sums.size < MAX_SUMS
      ? line
      : { ...line, clinic_id: null };
    const key = `${kind.clinic_id} ${kind.operation} ${kind.reason}`;
    const sum = this.#sums.get(key);
    if (sum) sum.count++;
    else {
      this.#sums.set(key, {
        ...kind,
        actor_id: null,
        session_id: null,
        role: null,
        entity_id: null,
        request_id: null,
        address: null,
        count: 1,
      });
    }
    this.#later(SUM_INTERVAL_MS);
  }

  #closeSums(): void {
    this.#waiting.push(...this.#sums.values());
    this.#sums.clear();
  }

  /** While one insert is under way, further lines gather. */
  #write(): void {
    this.#writing ??= this.#store().finally(() => {
      this.#writing = undefined;
      if (this.#waiting.length > 0 && !this.#failed) this.#write();
    });
  }

  async #store(): Promise<void> {
    const { central, log } = this.#options;
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length === 0) return;
    try {
      await insertLines(central, lines);
    } catch (error) {
      log.error("refusals.not_stored", error, { lines: lines.length });
      if (!mayPass(error)) return;
      this.#failed = true;
      this.#waiting = [...lines, ...this.#waiting];
      this.#later(RETRY_MS);
    }
  }

  #later(milliseconds: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#failed = false;
      this.#closeSums();
      this.#write();
    }, milliseconds);
  }
}

/** Whether the same lines may be stored later; if not, keeping them would keep all others back. */
function mayPass(error: unknown): boolean {
  return !(error instanceof DatabaseError) ||
    ["unavailable", "refused", "timeout"].includes(error.failure);
}

function clinicOf(actor: RefusedActor | undefined): string | undefined {
  return actor && "clinicId" in actor ? actor.clinicId : undefined;
}

function idOf(actor: RefusedActor): string {
  return "staffId" in actor ? actor.staffId : actor.userId;
}
