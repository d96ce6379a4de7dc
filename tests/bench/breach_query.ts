import { complain, explain, say } from "../../scripts/cli/terminal.ts";
import { openTestStack } from "../../scripts/dev/test_stack.ts";
import { type BreachFilter, extentsOf } from "../../src/audit/breach_extent.ts";
import { networksOf } from "../../src/audit/networks.ts";
import type { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { type TestStack, workerLogin } from "../support/test_stack.ts";
import { addLines } from "./trail_lines.ts";

const LINES = 1_000_000;
const DAY_MS = 86_400_000;

/**
 * Whom the lines of `addLines` touched: all of them, and those of one network.
 * @returns the seconds that the slowest query took
 */
export async function timeBreachQueries(
  central: Connection,
  clinicId: string,
): Promise<number> {
  const period: BreachFilter = {
    from: new Date(Date.now() - 400 * DAY_MS).toISOString(),
    to: new Date().toISOString(),
  };
  const networks = networksOf("192.0.2.0/24");
  let slowest = 0;
  for (const filter of [period, { ...period, networks }]) {
    const started = performance.now();
    const extents = await extentsOf(central, [clinicId], filter);
    const seconds = (performance.now() - started) / 1000;
    const { lines, persons } = extents.get(clinicId)!;
    say(`  ${lines} lines, ${persons} patients: ${seconds.toFixed(2)} s`);
    slowest = Math.max(slowest, seconds);
  }
  return slowest;
}

// deno run --allow-all tests/bench/breach_query.ts
async function main(): Promise<void> {
  await using servers = await openTestStack();
  const stack: TestStack = JSON.parse(await Deno.readTextFile(servers.file));
  await withDatabase(workerLogin(stack), CENTRAL_DATABASE, async (central) => {
    const clinicId = crypto.randomUUID();
    await addLines(central, { clinicId, count: LINES });
    await central.rows(sql`analyze audit_log`);
    await timeBreachQueries(central, clinicId);
  });
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    complain(explain(error));
    Deno.exit(1);
  }
}
