import type { WrkResult } from "./wrk.ts";

/** What the API logs for a request whose client has gone: those under way when a load ends. */
const GONE = "503";

/** Failed requests by kind. What the API answered stands in its log; what became of the sockets, wrk says. */
export function countErrors(
  result: WrkResult,
  log: readonly string[],
): Record<string, number> {
  const errors: Record<string, number> = {};
  let logged = 0;
  for (const line of log) {
    const status = /"event":"request".*"status":(\d+)/.exec(line)?.[1];
    if (!status || Number(status) < 400) continue;
    errors[status] = (errors[status] ?? 0) + 1;
    logged++;
  }
  // Wrk counts the answers that arrived.
  const gone = Math.min(logged - result.refused, errors[GONE] ?? 0);
  if (gone > 0) errors[GONE]! -= gone;
  if (errors[GONE] === 0) delete errors[GONE];
  if (result.refused > logged) errors.unlogged = result.refused - logged;
  for (const kind of ["connect", "read", "write", "timeout"] as const) {
    if (result[kind] > 0) errors[kind] = result[kind];
  }
  return errors;
}

const FULL = /too many clients|too many connections|remaining connection slots/;

/** Connections that PostgreSQL refused for want of room (53300). */
export function countFull(log: readonly string[]): number {
  return log.filter((line) => FULL.test(line)).length;
}
