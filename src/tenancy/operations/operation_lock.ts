import type { Connection } from "../../db/connection.ts";
import { type Sql, sql } from "../../db/sql.ts";

const POLL_MS = 20;

/**
 * Runs `fn` while nobody else runs the same operation. A worker that has lost its lease comes to the end of its step
 * first; one that does not, within `patienceMs`, loses its session with the central database.
 * @param central held by its session, and so gone with the process
 * @param signal aborted when there is no more reason to wait
 */
export async function withOperationLock<T>(
  central: Connection,
  id: string,
  { patienceMs, signal }: {
    readonly patienceMs: number;
    readonly signal: AbortSignal;
  },
  fn: () => Promise<T>,
): Promise<T> {
  const key = sql`hashtextextended('operation/' || ${id}, 0)`;
  const deadline = performance.now() + patienceMs;
  while (!await tryLock(central, key)) {
    signal.throwIfAborted();
    if (performance.now() > deadline) await endHolder(central, key);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await fn();
  } finally {
    // The connection is used again; one that is lost has unlocked already.
    if (!central.lost) {
      await central.rows(sql`select pg_advisory_unlock(${key})`).catch(ignore);
    }
  }
}

async function tryLock(central: Connection, key: Sql): Promise<boolean> {
  const [row] = await central.rows<{ held: boolean }>(
    sql`select pg_try_advisory_lock(${key}) as held`,
  );
  return row?.held === true;
}

async function endHolder(central: Connection, key: Sql): Promise<void> {
  await central.rows(sql`
    select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and granted and objsubid = 1
      and ((classid::bigint << 32) | objid::bigint) = ${key}`);
}

function ignore(): void {}
