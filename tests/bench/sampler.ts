import { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import type { BenchStack } from "./bench_stack.ts";
import { processUse } from "./process_use.ts";

/** What was seen at one moment. */
export interface Sample {
  /** Milliseconds since the run began. */
  readonly at: number;
  /** Backends of clinics. */
  readonly backends: number;
  /** Resident memory of the API process, in MiB; looked at less often. */
  readonly mb?: number;
}

const EVERY_MS = 150;
/** Looks at the backends for each look at the memory. */
const MEMORY_EVERY = 7;

/** Looks at PostgreSQL and at an API process from time to time. */
export class Sampler implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #apart: readonly string[];

  private constructor(connection: Connection, apart: readonly string[]) {
    this.#connection = connection;
    this.#apart = apart;
  }

  /** @param apart databases whose backends are not counted: those that no budget is about */
  static async open(
    { superuser }: BenchStack,
    apart: readonly string[],
  ): Promise<Sampler> {
    const connection = await Connection.open({
      ...superuser,
      database: "postgres",
      applicationName: "cloison-bench",
    });
    return new Sampler(connection, apart);
  }

  /** Looks while `work` runs. */
  async during<T>(
    pid: number,
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly samples: Sample[] }> {
    const samples: Sample[] = [];
    const started = performance.now();
    const done = new AbortController();
    const looking = this.#look(pid, started, samples, done.signal);
    try {
      const result = await work();
      return { result, samples };
    } finally {
      done.abort();
      await looking;
    }
  }

  /** Sessions that were ever opened to databases of clinics. */
  async sessions(): Promise<number> {
    const [row] = await this.#connection.rows<{ sessions: number }>(sql`
      select sum(sessions)::float8 as sessions from pg_stat_database
      where datname like 'cloison\\_clinic\\_%'
        and datname <> all (${this.#apart}::text[])`);
    return row!.sessions;
  }

  /** Settles when the pooler has let go of what an API that ended had left to it. */
  async untilIdle(): Promise<void> {
    while (await this.#backends() > 0) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }

  async #backends(): Promise<number> {
    const [row] = await this.#connection.rows<{ backends: number }>(sql`
      select count(*)::integer as backends from pg_stat_activity
      where usename like 'cloison\\_clinic\\_%'
        and usename <> all (${this.#apart}::text[])`);
    return row!.backends;
  }

  async #look(
    pid: number,
    started: number,
    samples: Sample[],
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      const backends = await this.#backends();
      const at = Math.round(performance.now() - started);
      const memory = samples.length % MEMORY_EVERY === 0
        ? { mb: (await processUse(pid)).mb }
        : {};
      samples.push({ at, backends, ...memory });
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, EVERY_MS);
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          resolve();
        }, { once: true });
      });
    }
  }
}
