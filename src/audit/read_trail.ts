import type { Pool } from "../db/pool.ts";
import type { TrailActor } from "../kernel/actor.ts";
import type { AuditEvent, RequestOrigin } from "../kernel/audit_event.ts";
import { madeAt, uuidv7 } from "../kernel/ids.ts";
import { insertLines, type LogLine } from "./central_log.ts";
import type { KeptLines } from "./kept_lines.ts";
import { entityOf } from "./outbox.ts";

interface Batch {
  readonly lines: LogLine[];
  readonly written: PromiseWithResolvers<void>;
  /** Of its first line, in milliseconds that never go back. */
  readonly since: number;
}

/**
 * How long a line waits for those of other reads that are under way, in milliseconds: an insert costs as much as ten
 * of its lines.
 */
const GATHER_MS = 2;

/**
 * The trail of reads, in the central database, by group commit: one insert takes the lines of all reads that end while
 * the insert before it is under way, or within two milliseconds. A line that no other can join does not wait. Nobody's
 * answer leaves before its line is durable.
 */
export class ReadTrail {
  readonly #store: (lines: readonly LogLine[]) => Promise<void>;
  readonly #gatherMs: number;
  #reading = 0;
  #gathering: Batch | undefined;
  #writing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param kept what takes lines that cannot be stored; without it, such a read is not answered */
  constructor(
    central: Pool,
    { gatherMs = GATHER_MS, kept }: {
      readonly gatherMs?: number;
      readonly kept?: KeptLines | undefined;
    } = {},
  ) {
    this.#store = (lines) =>
      kept ? kept.store(lines) : insertLines(central, lines);
    this.#gatherMs = gatherMs;
  }

  /**
   * Hands over what `read` brings when the line about it is durable; a read that fails leaves none.
   * @throws {DatabaseError} when the line could not be written: the read must then not be answered
   */
  async record<T>(
    actor: TrailActor,
    origin: RequestOrigin,
    event: AuditEvent,
    read: () => Promise<T>,
  ): Promise<T> {
    let line: LogLine | undefined;
    let result: T;
    this.#reading++;
    try {
      result = await read();
      line = toLine(actor, origin, event);
    } finally {
      this.#reading--;
      if (!line) this.#look();
    }
    await this.#add(line);
    return result;
  }

  #add(line: LogLine): Promise<void> {
    const batch = this.#gathering ??= {
      lines: [],
      written: Promise.withResolvers(),
      since: performance.now(),
    };
    batch.lines.push(line);
    this.#look();
    return batch.written.promise;
  }

  /** Stores what was gathered, if that is to be done now. */
  #look(): void {
    const batch = this.#gathering;
    if (!batch || this.#writing) return;
    const wait = this.#reading === 0
      ? 0
      : batch.since + this.#gatherMs - performance.now();
    if (wait > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#look();
      }, wait);
    } else void this.#write(batch);
  }

  async #write({ lines, written }: Batch): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#gathering = undefined;
    this.#writing = true;
    try {
      await this.#store(lines);
      written.resolve();
    } catch (error) {
      written.reject(error);
    } finally {
      this.#writing = false;
      this.#look();
    }
  }
}

function toLine(
  actor: TrailActor,
  origin: RequestOrigin,
  event: AuditEvent,
): LogLine {
  const id = uuidv7();
  return {
    id,
    at: madeAt(id),
    clinic_id: actor.clinicId,
    actor_id: actor.staffId,
    session_id: actor.sessionId,
    role: actor.role,
    action: event.action,
    entity: entityOf(event),
    entity_id: event.entityId ?? null,
    patient_id: event.patientId ?? null,
    outcome: "success",
    request_id: origin.requestId,
    address: origin.address,
  };
}
