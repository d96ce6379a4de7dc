import type { Pool } from "../../db/pool.ts";
import { settlesWithin } from "../../kernel/time_limit.ts";

/** Ends backends, so that another clinic may have theirs. */
export interface BackendReclaimer {
  /**
   * Ends the backends of `connections` connections that nobody uses.
   * @param park keeps one of the connections: the clinic will want one again
   * @return how many are certainly gone; never rejects, and settles within a few seconds
   */
  end(pool: Pool, connections: number, park: boolean): Promise<number>;
}

const DEADLINE_MS = 3_000;
/** From the backend's last words to its end: 0.2 ms on an idle machine. */
const EXIT_MS = 5;
/** The same when it first has to notice that it is alone, and says nothing: 1.5 ms on an idle machine. */
const PARKED_EXIT_MS = 25;

/**
 * A connection asks its own backend to end, as the clinic's own role, which every role may.
 *
 * Behind a transaction pooler, closing a connection leaves its backend for `server_idle_timeout`. The other way to end
 * it, `RECONNECT` on PgBouncer's console, needs a password that opens the settings of the whole cell, takes 310 ms
 * (the pooler looks every 333 ms) and makes all clients of the database connect anew. These need no right at all, and
 * end one backend for each connection: whatever other processes share that clinic's backends, there are never more of
 * them than connections. To terminate itself takes a backend 1.3 ms, and PgBouncer closes the connection with it. Told
 * to end once it is idle, it ends after the pooler has taken it back, and the connection stays.
 */
export class SelfTermination implements BackendReclaimer {
  async end(pool: Pool, connections: number, park: boolean): Promise<number> {
    let gone = 0;
    const all = Array.from({ length: connections }, async (_, i) => {
      const ending = park && i === 0 ? pool.park() : pool.terminate();
      if (await ending.catch(no)) gone++;
    });
    await settlesWithin(DEADLINE_MS, Promise.all(all));
    const exitMs = park ? PARKED_EXIT_MS : EXIT_MS;
    if (gone > 0) await new Promise((done) => setTimeout(done, exitMs));
    return gone;
  }
}

function no(): boolean {
  return false;
}
