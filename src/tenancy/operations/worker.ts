import type { KeyProvider } from "../../crypto/key_provider.ts";
import type { Connection } from "../../db/connection.ts";
import { DatabaseError } from "../../db/errors.ts";
import type { Logger } from "../../kernel/log.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  openDatabase,
} from "../provisioning/admin.ts";
import type { ClaimedOperation, Ledger } from "./ledger.ts";
import { type Boundary, runOperation } from "./runner.ts";
import type { Saga } from "./saga.ts";

export interface OperationsWorkerOptions {
  readonly ledger: Ledger;
  readonly login: AdminLogin;
  readonly cell: string;
  readonly keys: KeyProvider;
  readonly sagas: readonly Saga[];
  readonly log: Logger;
  /** Names the process in the ledger; unlike that of every other. */
  readonly name: string;
  /** Operations at once; 4 unless told. */
  readonly concurrency?: number;
  /** After so long without a sign of life an operation is somebody else's; 30,000 unless told. */
  readonly leaseMs?: number;
  /** How often it looks for what is due when nobody wakes it; 1,000 unless told. */
  readonly pollMs?: number;
  /** 8 unless told. */
  readonly maxAttempts?: number;
  /** Called when an operation is over, or was put back. */
  readonly onRun?: (kind: Saga["kind"]) => void;
  /** For tests, which end the process there. */
  readonly atBoundary?: Boundary;
}

/** Runs the operations of one cell that are due, several at once, until it is stopped. */
export class OperationsWorker {
  readonly #options:
    & Required<Omit<OperationsWorkerOptions, "atBoundary" | "onRun">>
    & Pick<OperationsWorkerOptions, "atBoundary" | "onRun">;
  readonly #running = new Set<Promise<void>>();
  readonly #idle: Connection[] = [];
  readonly #stopping = new AbortController();
  #timer: ReturnType<typeof setInterval> | undefined;
  #warming: Promise<void> | undefined;
  #claiming: Promise<void> | undefined;
  #again = false;
  #claims = 0;

  constructor(options: OperationsWorkerOptions) {
    this.#options = {
      concurrency: 4,
      leaseMs: 30_000,
      pollMs: 1_000,
      maxAttempts: 8,
      ...options,
    };
  }

  start(): void {
    this.#timer = setInterval(() => this.wake(), this.#options.pollMs);
    this.#warming ??= this.#warm();
    this.wake();
  }

  /** Something may be due. Returns at once. */
  wake(): void {
    this.#again = true;
    this.#claiming ??= this.#claim().finally(() => {
      this.#claiming = undefined;
      if (this.#again && !this.#stopping.signal.aborted) this.wake();
    });
  }

  /** Begins nothing more, and settles when every operation has come to the end of the step that it is in. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#timer);
    await Promise.all([this.#claiming, this.#warming]);
    await Promise.all(this.#running);
    await Promise.all(this.#idle.map((connection) => connection.close()));
  }

  async #claim(): Promise<void> {
    const { ledger, concurrency, cell, leaseMs, name, log } = this.#options;
    const kinds = this.#options.sagas.map(({ kind }) => kind);
    this.#again = false;
    while (
      this.#running.size < concurrency && !this.#stopping.signal.aborted
    ) {
      const holder = `${name}/${++this.#claims}`;
      let claimed: ClaimedOperation | undefined;
      try {
        claimed = await ledger.claim({ holder, leaseMs, cell, kinds });
      } catch (error) {
        // Two operations on one clinic became due at the same moment: one of them waits.
        if (isUnique(error)) continue;
        log.error("operations.not_claimed", error);
        return;
      }
      if (!claimed) return;
      const run = this.#run(claimed).finally(() => {
        this.#running.delete(run);
        this.wake();
      });
      this.#running.add(run);
    }
  }

  async #run(claimed: ClaimedOperation): Promise<void> {
    const { sagas, log, onRun, login } = this.#options;
    const saga = sagas.find(({ kind }) => kind === claimed.kind)!;
    try {
      const central = await this.#connection(login);
      try {
        await runOperation(claimed, saga, central, {
          ...this.#options,
          stopping: this.#stopping.signal,
        });
      } finally {
        if (!central.lost) this.#idle.push(central);
      }
      onRun?.(claimed.kind);
    } catch (error) {
      // The ledger could not be reached: the lease runs out, and somebody goes on.
      log.error("operation.abandoned", error, { operation: claimed.id });
    }
  }

  /** The first operation does not have to wait for its session; where none is to be had, it will say so. */
  async #warm(): Promise<void> {
    const { login } = this.#options;
    const session = await openDatabase(login, CENTRAL_DATABASE)
      .catch(() => undefined);
    if (session) this.#idle.push(session);
  }

  async #connection(login: AdminLogin): Promise<Connection> {
    for (;;) {
      const connection = this.#idle.pop();
      if (!connection) break;
      if (!connection.lost) return connection;
    }
    return await openDatabase(login, CENTRAL_DATABASE);
  }
}

function isUnique(error: unknown): boolean {
  return error instanceof DatabaseError && error.failure === "unique";
}
