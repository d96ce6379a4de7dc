import { chainAllLines } from "../audit/chainer.ts";
import { Checkpoints, type CheckpointSink } from "../audit/checkpoints.ts";
import type { NoteSigner } from "../audit/signed_note.ts";
import { Connection } from "../db/connection.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Logger } from "../kernel/log.ts";
import { settlesWithin } from "../kernel/time_limit.ts";
import { type AdminLogin, CENTRAL_DATABASE } from "./provisioning/admin.ts";

export interface TrailKeeperOptions {
  readonly login: AdminLogin;
  readonly clock: Clock;
  readonly log: Logger;
  /** Without it, chains are made and nobody outside vouches for them. */
  readonly notes?:
    | { readonly signer: NoteSigner; readonly sink: CheckpointSink }
    | undefined;
  /** Milliseconds; a minute unless told. */
  readonly checkpointMs?: number;
}

/** Lines wait so long at most to be chained, in milliseconds; less under load. */
const CHAIN_MS = 500;
const RETRY_MS = 2_000;
const CHECKPOINT_MS = 60_000;

/** Chains the lines of the trail as they come, and signs now and then where the chains end. */
export class TrailKeeper {
  readonly #options: TrailKeeperOptions;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #stopping = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  #stopped = false;
  #checkpointAt = 0;

  /** Begins at once. */
  constructor(options: TrailKeeperOptions) {
    const { notes } = options;
    this.#options = options;
    this.#checkpoints = notes && new Checkpoints(notes.signer, notes.sink);
    this.#ended = this.#keep();
  }

  /** Chains what is there, signs where it ends, and stops. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopping.resolve();
    await this.#ended;
  }

  async #keep(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#keepConnected();
      } catch (error) {
        this.#options.log.error("trail.not_kept", error);
        await this.#pause(RETRY_MS);
      }
    }
  }

  async #keepConnected(): Promise<void> {
    const central = await Connection.open({
      ...this.#options.login,
      database: CENTRAL_DATABASE,
      applicationName: "cloison-worker-trail",
    });
    try {
      for (;;) {
        const last = this.#stopped;
        await chainAllLines(central);
        await this.#checkpoint(central, last);
        if (last) return;
        await this.#pause(CHAIN_MS);
      }
    } finally {
      await central.close();
    }
  }

  async #checkpoint(central: Connection, now: boolean): Promise<void> {
    const { clock, checkpointMs = CHECKPOINT_MS } = this.#options;
    const at = clock();
    if (!this.#checkpoints || (!now && at < this.#checkpointAt)) return;
    await this.#checkpoints.write(central, new Date(at).toISOString());
    this.#checkpointAt = at + checkpointMs;
  }

  /** Ends early when it is to stop. */
  async #pause(milliseconds: number): Promise<void> {
    await settlesWithin(milliseconds, this.#stopping.promise);
  }
}
