import { chainAllLines } from "../../src/audit/chainer.ts";
import type { Checkpoint } from "../../src/audit/checkpoints.ts";
import { type ChainReport, verifyChains } from "../../src/audit/verify.ts";
import type { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { superuserLogin, workerLogin } from "../support/test_stack.ts";
import type { World } from "../support/world.ts";

/** The run's servers; a test that needs no API asks for no more. */
export type Servers = Pick<World, "stack">;

/** As the worker. */
export function inCentral<T>(
  world: Servers,
  fn: (central: Connection) => Promise<T>,
): Promise<T> {
  return withDatabase(workerLogin(world.stack), CENTRAL_DATABASE, fn);
}

/** With the rights of one role and no others. */
export function asRole<T>(
  world: Servers,
  role: string,
  database: string,
  fn: (connection: Connection) => Promise<T>,
): Promise<T> {
  const login = superuserLogin(world.stack);
  return withDatabase(login, database, async (connection) => {
    await connection.script(`set role "${role}"`);
    return await fn(connection);
  });
}

/** As somebody who runs the server, with every guard that can be switched off switched off. */
export function tamper(
  world: Servers,
  fn: (central: Connection) => Promise<unknown>,
): Promise<void> {
  return withDatabase(
    superuserLogin(world.stack),
    CENTRAL_DATABASE,
    async (central) => {
      await central.script("set session_replication_role = replica");
      await fn(central);
    },
  );
}

/** Chains what waits, then looks at one clinic's chain. */
export function verify(
  world: Servers,
  chain: string,
  checkpoints: readonly Checkpoint[] = [],
): Promise<ChainReport> {
  return inCentral(world, async (central) => {
    await chainAllLines(central);
    for await (
      const report of verifyChains(central, { chain, checkpoints })
    ) return report;
    throw new Error("There is no such chain");
  });
}

export interface CentralLine {
  readonly id: string;
  readonly seq: string | null;
  readonly action: string;
  readonly entity_id: string | null;
  readonly changed_fields: readonly string[];
}

/** What central holds of a clinic, in the order of its chain. */
export function linesOf(
  world: Servers,
  clinicId: string,
): Promise<CentralLine[]> {
  return inCentral(world, (central) =>
    central.rows(sql`
      select audit_log.id, seq, action, entity_id, changed_fields from audit_log
      left join audit_chain on line_id = audit_log.id
      where audit_log.clinic_id = ${clinicId} order by seq, audit_log.id`));
}

/** Asks until `done`, for ten seconds at most. */
export async function eventually<T>(
  ask: () => Promise<T>,
  done: (answer: T) => boolean,
): Promise<T> {
  const until = performance.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (done(answer) || performance.now() > until) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Runs `work` while the API's role may not call a function of the central database. */
export async function withoutFunction(
  world: World,
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  const right = `execute on function ${name}`;
  await tamper(
    world,
    (central) => central.script(`revoke ${right} from cloison_api`),
  );
  try {
    await work();
  } finally {
    await tamper(
      world,
      (central) => central.script(`grant ${right} to cloison_api`),
    );
  }
}
