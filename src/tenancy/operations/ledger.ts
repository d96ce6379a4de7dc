import * as v from "valibot";
import type { SealedSecret } from "../../crypto/seal.ts";
import { type Sql, sql } from "../../db/sql.ts";
import type { CentralAccess } from "./operations.ts";
import {
  type Operation,
  OPERATION_COLUMNS,
  type OperationKind,
  type StepReport,
  toOperation,
} from "./operation.ts";

/** Somebody else has the operation by now: whoever meets this stops, and touches nothing any more. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";

  constructor() {
    super("Cannot go on: another worker has taken the operation over");
  }
}

/** An operation that this process runs, and nobody else. */
export interface ClaimedOperation extends Operation {
  /** Unlike that of every other claim, also of the same process. */
  readonly holder: string;
  readonly notes: Readonly<Record<string, unknown>>;
  /** What may not be read in the ledger. */
  readonly secret: SealedSecret | undefined;
}

export interface ClaimOptions {
  readonly holder: string;
  readonly leaseMs: number;
  readonly cell: string;
  readonly kinds: readonly OperationKind[];
}

export interface Progress {
  readonly steps: readonly StepReport[];
  readonly notes: Readonly<Record<string, unknown>>;
  readonly result: Readonly<Record<string, unknown>> | null;
}

const Hidden = v.object({
  notes: v.record(v.string(), v.unknown()),
  secret_key_id: v.nullable(v.string()),
  secret_sealed: v.nullable(v.instance(Uint8Array)),
});

/** The ledger as workers see it. Every change but a claim is made only while the lease is one's own. */
export class Ledger {
  readonly #central: CentralAccess;

  constructor(central: CentralAccess) {
    this.#central = central;
  }

  /** Takes the operation that has been due the longest, or one whose worker has died. */
  async claim(options: ClaimOptions): Promise<ClaimedOperation | undefined> {
    const { holder, leaseMs, cell, kinds } = options;
    return await this.#take(
      holder,
      leaseMs,
      sql`
        select candidate.id from operations as candidate
        where candidate.kind = any (${kinds}::text[])
          and candidate.cell_id = (select id from cells where name = ${cell})
          and (candidate.state = 'queued' and candidate.next_attempt_at <= now()
            or candidate.state = 'running' and candidate.lease_until < now()
            or candidate.state = 'waiting' and candidate.scheduled_for <= now()
              and not exists (select from operations as live
                where live.clinic_id = candidate.clinic_id
                  and live.state in ('queued', 'running')))
        order by candidate.next_attempt_at, candidate.id
        limit 1 for update of candidate skip locked`,
    );
  }

  /** Takes one operation that nobody runs, also before its next attempt is due. */
  async claimOne(
    id: string,
    { holder, leaseMs }: Pick<ClaimOptions, "holder" | "leaseMs">,
  ): Promise<ClaimedOperation | undefined> {
    return await this.#take(
      holder,
      leaseMs,
      sql`
        select candidate.id from operations as candidate
        where candidate.id = ${id} and candidate.state = 'queued'
        for update of candidate skip locked`,
    );
  }

  async #take(
    holder: string,
    leaseMs: number,
    which: Sql,
  ): Promise<ClaimedOperation | undefined> {
    const [row] = await this.#central.execute<unknown>(sql`
      update operations set state = 'running', attempts = attempts + 1,
        started_at = coalesce(started_at, now()), lease_holder = ${holder},
        lease_until = ${inMilliseconds(leaseMs)}
      where id = (${which})
      returning ${OPERATION_COLUMNS}, notes, secret_key_id, secret_sealed`);
    if (row === undefined) return undefined;
    const { notes, secret_key_id, secret_sealed } = v.parse(Hidden, row);
    return {
      ...toOperation(row),
      holder,
      notes,
      secret: secret_key_id === null || secret_sealed === null
        ? undefined
        : { keyId: secret_key_id, sealed: secret_sealed },
    };
  }

  /** @throws {LeaseLostError} */
  async renew(claimed: ClaimedOperation, leaseMs: number): Promise<void> {
    await this.#change(
      claimed,
      sql`lease_until = ${inMilliseconds(leaseMs)}`,
    );
  }

  /**
   * Stores how far the operation is.
   * @param moved whether a step has been finished since the last time: its attempts count no more
   * @returns whether somebody asks for it to be cancelled
   * @throws {LeaseLostError}
   */
  async progress(
    claimed: ClaimedOperation,
    progress: Progress,
    moved: boolean,
  ): Promise<boolean> {
    const [row] = await this.#change<{ cancelled: boolean }>(
      claimed,
      sql`${stored(progress)},
        attempts = case when ${moved}::boolean then 1 else attempts end`,
      sql`cancel_requested_at is not null as cancelled`,
    );
    return row!.cancelled;
  }

  /** @throws {LeaseLostError} */
  async succeed(
    claimed: ClaimedOperation,
    progress: Progress,
  ): Promise<void> {
    await this.#change(
      claimed,
      sql`state = 'succeeded', ${stored(progress)},
        input = input - 'admin', error_code = null, error_message = null,
        ${OVER}`,
    );
  }

  /**
   * @param reason when nobody has asked for it
   * @throws {LeaseLostError}
   */
  async cancelled(claimed: ClaimedOperation, reason?: string): Promise<void> {
    await this.#change(
      claimed,
      sql`state = 'cancelled', error_code = ${
        reason === undefined ? null : "halted"
      },
        error_message = ${reason ?? null}, ${OVER}`,
    );
  }

  /** Ends it without success. What is sealed is kept: it may be tried again. @throws {LeaseLostError} */
  async fail(
    claimed: ClaimedOperation,
    error: { readonly code: string; readonly message: string },
  ): Promise<void> {
    await this.#change(
      claimed,
      sql`state = 'failed', error_code = ${error.code},
        error_message = ${error.message}, finished_at = now(), ${RELEASED}`,
    );
  }

  /** Leaves it to whoever comes first, after a pause. @throws {LeaseLostError} */
  async putBack(
    claimed: ClaimedOperation,
    pauseMs: number,
    error?: { readonly code: string; readonly message: string },
  ): Promise<void> {
    await this.#change(
      claimed,
      sql`state = 'queued', error_code = ${error?.code ?? null},
        error_message = ${error?.message ?? null},
        next_attempt_at = ${inMilliseconds(pauseMs)}, ${RELEASED}`,
    );
  }

  async #change<Row>(
    { id, holder }: ClaimedOperation,
    assignments: Sql,
    returning: Sql = sql`id`,
  ): Promise<Row[]> {
    const rows = await this.#central.execute<Row>(sql`
      update operations set ${assignments}
      where id = ${id} and lease_holder = ${holder}
      returning ${returning}`);
    if (rows.length === 0) throw new LeaseLostError();
    return rows;
  }
}

function stored({ steps, notes, result }: Progress): Sql {
  return sql`steps = ${{ list: steps }}::jsonb -> 'list',
    notes = ${notes}::jsonb, result = ${result}::jsonb`;
}

const RELEASED = sql`lease_holder = null, lease_until = null`;
const OVER = sql`finished_at = now(), secret_key_id = null,
  secret_sealed = null, ${RELEASED}`;

function inMilliseconds(milliseconds: number): Sql {
  return sql`now() + make_interval(secs => ${
    milliseconds / 1000
  }::double precision)`;
}
