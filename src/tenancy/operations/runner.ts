import type { KeyProvider } from "../../crypto/key_provider.ts";
import type { Connection } from "../../db/connection.ts";
import type { Logger } from "../../kernel/log.ts";
import { pauseAfter, toFailure } from "./failures.ts";
import {
  type ClaimedOperation,
  LeaseLostError,
  type Ledger,
} from "./ledger.ts";
import type { StepReport } from "./operation.ts";
import { withOperationLock } from "./operation_lock.ts";
import { openOperationSecret } from "./operation_secret.ts";
import type { Saga, Step, StepContext } from "./saga.ts";
import { StepSessions } from "./step_sessions.ts";

/** Before a step begins, and between its end and the line in the ledger that says so. */
export type Boundary = (
  step: string,
  moment: "before" | "after",
  operationId: string,
) => Promise<void>;

export interface RunnerOptions {
  readonly ledger: Ledger;
  readonly keys: KeyProvider;
  readonly log: Logger;
  readonly leaseMs: number;
  /** After so many attempts at one step the operation has failed. */
  readonly maxAttempts: number;
  /** Aborted when the worker is to end: the operation is put back after the step that it is in. */
  readonly stopping: AbortSignal;
  /** For tests, which end the process here: what it throws is not handled. */
  readonly atBoundary?: Boundary | undefined;
}

/**
 * Runs an operation from where it stands until it is over, has to wait, or is somebody else's.
 * @param central for its steps alone
 */
export async function runOperation(
  claimed: ClaimedOperation,
  saga: Saga,
  central: Connection,
  options: RunnerOptions,
): Promise<void> {
  const { ledger, leaseMs } = options;
  const lost = new AbortController();
  const sessions = new StepSessions();
  const renewing = setInterval(() => {
    ledger.renew(claimed, leaseMs).catch((error) => {
      if (error instanceof LeaseLostError) lost.abort(error);
    });
  }, leaseMs / 3);
  try {
    const run = new Run(claimed, saga, options, {
      central,
      open: (login, database) => sessions.open(login, database),
      signal: lost.signal,
    });
    const lock = { patienceMs: leaseMs, signal: lost.signal };
    await withOperationLock(central, claimed.id, lock, () => run.toItsEnd());
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
    options.log.warn("operation.lost", { operation: claimed.id });
  } finally {
    clearInterval(renewing);
    await sessions.close();
  }
}

/** The step ends whoever begins it. */
const WORKERS_LOST = {
  code: "worker-lost",
  message: "Every worker that began this step has ended during it",
};

class Run {
  readonly #claimed: ClaimedOperation;
  readonly #saga: Saga;
  readonly #options: RunnerOptions;
  readonly #context: StepContext;
  readonly #steps: readonly Step[];
  #reports: StepReport[];
  #notes: Record<string, unknown>;
  #result: Record<string, unknown> | null;
  #attempts: number;

  constructor(
    claimed: ClaimedOperation,
    saga: Saga,
    options: RunnerOptions,
    means: Pick<StepContext, "central" | "open" | "signal">,
  ) {
    this.#claimed = claimed;
    this.#saga = saga;
    this.#options = options;
    this.#notes = { ...claimed.notes };
    this.#result = claimed.result;
    this.#attempts = claimed.attempts;
    this.#steps = saga.steps(claimed);
    this.#reports = this.#steps.map(({ name }) =>
      claimed.steps.find((report) => report.name === name) ?? pending(name)
    );
    const notes = () => this.#notes;
    this.#context = {
      ...means,
      operation: claimed,
      get notes() {
        return notes();
      },
      note: (values) => void (this.#notes = { ...this.#notes, ...values }),
      result: (values) => void (this.#result = { ...this.#result, ...values }),
      secret: () => openOperationSecret(claimed, options.keys),
    };
  }

  async toItsEnd(): Promise<void> {
    const { log, stopping, maxAttempts } = this.#options;
    if (this.#attempts > maxAttempts) {
      return await this.#options.ledger.fail(this.#claimed, WORKERS_LOST);
    }
    const reason = await this.#saga.reasonAgainst?.(this.#context);
    if (reason !== undefined) {
      log.warn("operation.not_begun", { ...this.#fields, reason });
      return await this.#options.ledger.cancelled(this.#claimed, reason);
    }
    let moved = false;
    for (const [index, step] of this.#steps.entries()) {
      if (isFinished(this.#reports[index]!)) continue;
      if (step.isIdle?.(this.#notes)) {
        const at = now();
        this.#report(index, {
          state: "skipped",
          startedAt: at,
          finishedAt: at,
        });
        continue;
      }
      if (stopping.aborted) return await this.#putBack(moved);
      this.#report(index, { state: "running", startedAt: now() });
      if (await this.#store(moved) && this.#saga.undo) {
        return await this.#undo();
      }
      if (!await this.#do(step, index)) return;
      moved = true;
    }
    const { ledger } = this.#options;
    await ledger.succeed(this.#claimed, this.#progress);
    log.info("operation.succeeded", this.#fields);
  }

  /** @returns whether the operation can go on */
  async #do(step: Step, index: number): Promise<boolean> {
    const { atBoundary } = this.#options;
    await atBoundary?.(step.name, "before", this.#claimed.id);
    try {
      const skipped = await step.run(this.#context) === "skipped";
      this.#context.signal.throwIfAborted();
      this.#report(index, {
        state: skipped ? "skipped" : "done",
        finishedAt: now(),
      });
    } catch (error) {
      await this.#failed(error, step.name);
      return false;
    }
    await atBoundary?.(step.name, "after", this.#claimed.id);
    return true;
  }

  async #undo(): Promise<void> {
    const { ledger, log, atBoundary } = this.#options;
    await atBoundary?.("undo", "before", this.#claimed.id);
    try {
      await this.#saga.undo!(this.#context);
    } catch (error) {
      return await this.#failed(error, "undo");
    }
    await atBoundary?.("undo", "after", this.#claimed.id);
    await ledger.cancelled(this.#claimed);
    log.info("operation.cancelled", this.#fields);
  }

  async #failed(error: unknown, step: string): Promise<void> {
    if (error instanceof LeaseLostError) throw error;
    if (this.#context.signal.aborted) throw new LeaseLostError();
    const { ledger, log, maxAttempts } = this.#options;
    const failure = toFailure(error);
    const attempts = this.#attempts;
    const fields = { ...this.#fields, step, attempts };
    if (failure.retryable && attempts < maxAttempts) {
      log.error("operation.step_failed", error, fields);
      const pause = pauseAfter(attempts, Math.random());
      return await ledger.putBack(this.#claimed, pause, failure);
    }
    log.error("operation.failed", error, fields);
    await ledger.fail(this.#claimed, failure);
  }

  /** What the last step has left is stored, so that nobody does it again. */
  async #putBack(moved: boolean): Promise<void> {
    await this.#store(moved);
    await this.#options.ledger.putBack(this.#claimed, 0);
    this.#options.log.info("operation.put_back", this.#fields);
  }

  #store(moved: boolean): Promise<boolean> {
    if (moved) this.#attempts = 1;
    return this.#options.ledger.progress(this.#claimed, this.#progress, moved);
  }

  get #progress() {
    return {
      steps: this.#reports,
      notes: this.#notes,
      result: this.#result,
    };
  }

  get #fields() {
    const { id, kind, clinicId } = this.#claimed;
    return { operation: id, kind, clinicId };
  }

  #report(index: number, change: Partial<StepReport>): void {
    this.#reports = this.#reports.with(index, {
      ...this.#reports[index]!,
      ...change,
    });
  }
}

function isFinished({ state }: StepReport): boolean {
  return state === "done" || state === "skipped";
}

function pending(name: string): StepReport {
  return { name, state: "pending", startedAt: null, finishedAt: null };
}

function now(): string {
  return new Date().toISOString();
}
