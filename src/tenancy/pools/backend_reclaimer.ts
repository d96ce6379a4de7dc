import type { Pool } from "../../db/pool.ts";
import { settlesWithin } from "../../kernel/time_limit.ts";

/** Ends backends, so that another clinic may have theirs. */
export interface BackendReclaimer {
  /**
   * Ends the backends of `connections` connections that nobody uses.
   * @return how many are certainly gone; never rejects, and settles within a few seconds
   */
  end(pool: Pool, connections: number): Promise<number>;
}

const DEADLINE_MS = 3_000;
/** From the backend's last words to its end: 0.2 ms on an idle machine. */
const EXIT_MS = 5;

/**
 * A connection asks its own backend to end, as the clinic's own role, which every role may.
 *
 * Behind a transaction pooler, closing a connection leaves its backend for `server_idle_timeout`. The other way to end
 * it, `RECONNECT` on PgBouncer's console, needs a password that opens the settings of the whole cell, takes 310 ms
 * (the pooler looks every 333 ms) and makes all clients of the database connect anew. This one needs no right at all,
 * takes 1.3 ms, and ends one backend for each connection that goes: whatever other processes share that clinic's
 * backends, there are never more of them than connections.
 */
export class SelfTermination implements BackendReclaimer {
  async end(pool: Pool, connections: number): Promise<number> {
    let gone = 0;
    const all = Array.from({ length: connections }, async () => {
      if (await pool.terminate().catch(no)) gone++;
    });
    await settlesWithin(DEADLINE_MS, Promise.all(all));
    if (gone > 0) await new Promise((done) => setTimeout(done, EXIT_MS));
    return gone;
  }
}

function no(): boolean {
  return false;
}
