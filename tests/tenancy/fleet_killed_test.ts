import { deepEqual, equal, match, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { until } from "../db/databases.ts";
import { cloison, openCloison } from "../support/cloison.ts";
import {
  askCentral,
  baseMigrations,
  inClinicOf,
  ledgerOf,
  type Line,
  makeFleet,
  migrationFolder,
} from "../support/fleet.ts";
import { testStack } from "../support/test_stack.ts";

const CLINICS = 24;
/** A typical file, made as slow as one of a large clinic. */
const SLOW = `alter table staff add column nickname text;
  select pg_sleep(0.04)`;

function count(lines: readonly Line[], state: string): number {
  return lines.filter((line) => line.state === state).length;
}

Deno.test("cloison migrate: a run over 24 clinics that is killed at half is taken up again, and does nothing twice", async () => {
  const fleet = await makeFleet(testStack(), CLINICS, await baseMigrations());
  await using folder = await migrationFolder(SLOW);
  const args = [
    "migrate",
    "--parallel",
    "2",
    "--migrations",
    folder.path,
  ];
  const killed = openCloison(fleet, args);
  const { signal } = await endWhen(
    killed,
    "SIGKILL",
    async () => count(await ledgerOf(fleet), "succeeded") >= CLINICS / 2,
  );
  equal(signal, "SIGKILL");
  const before = await ledgerOf(fleet);
  const done = before.filter(({ state }) => state === "succeeded");
  ok(done.length >= CLINICS / 2 && done.length < CLINICS, `${done.length}`);

  const answer = await cloison(fleet, [...args, "--json"]);
  equal(answer.code, 0, answer.error);
  const report = JSON.parse(answer.out);
  equal(report.run, before[0]!.runId);
  equal(report.outcome, "succeeded");
  equal(report.resumed, 1);
  ok(report.migratedBefore >= done.length);
  equal(report.migrated + report.migratedBefore, CLINICS);

  const after = await ledgerOf(fleet);
  equal(after.length, CLINICS);
  equal(count(after, "succeeded"), CLINICS);
  // Lines that were done are as they were: not begun again, not even touched.
  const same = new Map(after.map((line) => [line.slug, line]));
  for (const line of done) deepEqual(same.get(line.slug), line);
  // Only what was under way was begun twice; its file was applied once.
  const twice = after.filter(({ attempts }) => attempts > 1);
  ok(twice.length <= 2, `${twice.length} were begun twice`);
  for (const clinic of fleet.clinics) {
    const applied = await inClinicOf(
      fleet,
      clinic,
      (connection) =>
        connection.rows<{ n: number }>(sql`
        select count(*)::integer as n from schema_migrations`),
    );
    equal(applied[0]?.n, 7);
  }
});

Deno.test("cloison migrate: asked to stop, it ends what it does; typed again, it goes on", async () => {
  const fleet = await makeFleet(testStack(), 6, await baseMigrations());
  await using folder = await migrationFolder(SLOW);
  const args = ["migrate", "--parallel", "1", "--migrations", folder.path];
  const stopped = openCloison(fleet, args);
  const { code, stderr } = await endWhen(
    stopped,
    "SIGINT",
    async () => count(await ledgerOf(fleet), "succeeded") >= 1,
  );
  equal(code, 1);
  match(
    new TextDecoder().decode(stderr),
    /\nInterrupted; type the same again to go on: 0 failed, \d not begun\n$/,
  );
  equal(count(await ledgerOf(fleet), "running"), 0);
  const answer = await cloison(fleet, args);
  equal(answer.code, 0, answer.error);
  match(answer.out, /before the run was taken up again/);
  deepEqual(
    (await ledgerOf(fleet)).map(({ attempts }) => attempts),
    fleet.clinics.map(() => 1),
  );
});

Deno.test("cloison migrate: what a killed run left running ends by itself, and keeps nobody waiting", async () => {
  const fleet = await makeFleet(testStack(), 1, await baseMigrations());
  const [clinic] = fleet.clinics;
  await using folder = await migrationFolder(
    `alter table staff add column nickname text;
     select pg_sleep(60) from staff where given_names = 'Ada'`,
  );
  const args = ["migrate", "--migrations", folder.path];
  const running = () =>
    askCentral(
      fleet,
      sql`select from pg_stat_activity
        where datname = ${clinic!.database} and wait_event = 'PgSleep'`,
    );
  await endWhen(
    openCloison(fleet, args),
    "SIGKILL",
    async () => (await running()).length === 1,
  );
  await until("it has ended", async () => (await running()).length === 0);
  await inClinicOf(
    fleet,
    clinic!,
    (connection) => connection.rows(sql`update staff set given_names = 'Zoé'`),
  );
  const answer = await cloison(fleet, args);
  equal(answer.code, 0, answer.error);
  deepEqual(
    (await ledgerOf(fleet)).map(({ state, attempts }) => [state, attempts]),
    [["succeeded", 2]],
  );
});

/** Ends a process at a moment. @throws {Error} with what it said, when it ended before */
async function endWhen(
  process: Deno.ChildProcess,
  signal: Deno.Signal,
  isTime: () => Promise<boolean>,
): Promise<Deno.CommandOutput> {
  let said: string | undefined;
  const output = process.output();
  output.then(({ stderr }) => said = new TextDecoder().decode(stderr));
  await until(`time for ${signal}`, () => said !== undefined || isTime());
  if (said !== undefined) throw new Error(`It ended too early: ${said}`);
  process.kill(signal);
  return await output;
}
