import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import { migrateFleet } from "../../src/tenancy/fleet/fleet_migration.ts";
import type { FleetOptions } from "../../src/tenancy/fleet/fleet_options.ts";
import { FleetError } from "../../src/tenancy/fleet/fleet_plan.ts";
import { failure, until } from "../db/databases.ts";
import {
  askCentral,
  baseMigrations,
  fleetOptions,
  followedBy,
  inClinicOf,
  ledgerOf,
  makeFleet,
  type TestFleet,
} from "../support/fleet.ts";
import { testStack, workerLogin } from "../support/test_stack.ts";

const ADD_COLUMN = "alter table staff add column nickname text";
const REFUSE_BAD = `alter table staff add constraint staff_not_bad_check
  check (given_names <> 'Bad')`;

/** A fleet, and its run of further files. */
async function fleetOf(
  count: number,
  ...texts: string[]
): Promise<
  TestFleet & {
    readonly run: (
      changes?: Partial<FleetOptions>,
    ) => ReturnType<typeof migrateFleet>;
  }
> {
  const base = await baseMigrations();
  const fleet = await makeFleet(testStack(), count, base);
  const next = followedBy(base, ...texts);
  return {
    ...fleet,
    run: (changes) => migrateFleet(fleetOptions(fleet, next, changes)),
  };
}

async function spoil(fleet: TestFleet, ...indexes: number[]): Promise<void> {
  for (const index of indexes) {
    await inClinicOf(
      fleet,
      fleet.clinics[index]!,
      (connection) =>
        connection.rows(sql`update staff set given_names = 'Bad'`),
    );
  }
}

async function versions(fleet: TestFleet): Promise<number[]> {
  return (await ledgerOf(fleet)).map(({ registered }) => registered);
}

Deno.test("fleet migration: a file that the server refuses is named, and nothing of it stays", async () => {
  const fleet = await fleetOf(3, "create table half (id int); nonsense;");
  const report = await fleet.run();
  equal(report.outcome, "halted");
  equal(report.haltedBy, "failures");
  ok(report.failed.length >= 1 && report.failed.length <= 2);
  for (const { failure, attempts } of report.failed) {
    deepEqual(failure, {
      code: "statement-refused",
      state: "42601",
      migration: 7,
      detail: 'syntax error at or near "nonsense"',
      passing: false,
    });
    equal(attempts, 1);
  }
  for (const clinic of fleet.clinics) {
    await inClinicOf(fleet, clinic, async (connection) => {
      const found = await connection.rows(
        sql`select from pg_class where relname = 'half'`,
      );
      equal(found.length, 0);
    });
  }
  deepEqual(await versions(fleet), [6, 6, 6]);
});

Deno.test("fleet migration: a clinic whose data violates a file is named, the others go on, and it is repaired alone", async () => {
  const fleet = await fleetOf(4, ADD_COLUMN, REFUSE_BAD);
  await spoil(fleet, 1);
  const report = await fleet.run({ mayFail: () => 1 });
  equal(report.outcome, "incomplete");
  equal(report.migrated, 3);
  deepEqual(
    report.failed.map((
      { clinic: { slug }, failure: { passing: _, ...rest } },
    ) => ({
      slug,
      ...rest,
    })),
    [{
      slug: fleet.clinics[1]!.slug,
      code: "data-violates",
      state: "23514",
      migration: 8,
      detail: "staff, staff_not_bad_check",
    }],
  );
  // The file before stays applied.
  deepEqual(await versions(fleet), [8, 7, 8, 8]);
  await inClinicOf(
    fleet,
    fleet.clinics[1]!,
    (connection) => connection.rows(sql`update staff set given_names = 'Good'`),
  );
  const repaired = await fleet.run();
  deepEqual([repaired.migrated, repaired.current], [1, 3]);
  const attempts = (await ledgerOf(fleet)).map(({ slug, state, attempts }) => [
    fleet.clinics.findIndex((clinic) => clinic.slug === slug),
    state,
    attempts,
  ]);
  deepEqual(attempts, [
    [0, "succeeded", 1],
    [1, "failed", 1],
    [1, "succeeded", 1],
    [2, "succeeded", 1],
    [3, "succeeded", 1],
  ]);
});

Deno.test("fleet migration: what a row holds is never in the ledger", async () => {
  const fleet = await fleetOf(
    1,
    "alter table staff add column n integer; update staff set n = given_names::integer",
  );
  await inClinicOf(
    fleet,
    fleet.clinics[0]!,
    (connection) =>
      connection.rows(sql`update staff set given_names = 'Zénobie'`),
  );
  const { failed } = await fleet.run();
  equal(failed[0]?.failure.code, "data-violates");
  equal(failed[0]?.failure.state, "22P02");
  const [row] = await askCentral<{ text: string }>(
    fleet,
    sql`select json_agg(fleet_migrations)::text as text from fleet_migrations`,
  );
  match(row!.text, /22P02/);
  doesNotMatch(row!.text, /Z.nobie/);
});

Deno.test("fleet migration: a clinic that holds a lock is tried again, then named; the next run takes it", async () => {
  const fleet = await fleetOf(2, ADD_COLUMN);
  const holder = await Connection.open({
    ...workerLogin(fleet.stack),
    database: fleet.clinics[0]!.database,
    applicationName: "test-lock",
  });
  try {
    await holder.script(
      "begin; set local role cloison_owner; lock table staff",
    );
    const report = await fleet.run({ mayFail: () => 1 });
    equal(report.outcome, "incomplete");
    const [{ failure, attempts }] = report.failed as [
      typeof report.failed[number],
    ];
    equal(failure.code, "lock-timeout");
    equal(failure.state, "55P03");
    equal(attempts, 3);
    deepEqual(await versions(fleet), [6, 7]);
    // This time the lock is given back while the clinic is tried again.
    const limits = {
      lockMs: 150,
      statementMs: 2_000,
      attempts: 50,
      backoffMs: 10,
    };
    const again = fleet.run({ limits });
    await until("a second attempt", async () => {
      const lines = await ledgerOf(fleet);
      return lines.some(({ state, attempts }) =>
        state === "running" && attempts >= 2
      );
    });
    await holder.script("commit");
    equal((await again).outcome, "succeeded");
    deepEqual(await versions(fleet), [7, 7, 7]);
  } finally {
    await holder.close();
  }
});

Deno.test("fleet migration: a statement that takes too long is stopped, and not tried again", async () => {
  const fleet = await fleetOf(1, "select pg_sleep(20)");
  const limits = { lockMs: 100, statementMs: 100, attempts: 3, backoffMs: 10 };
  const { failed } = await fleet.run({ limits });
  equal(failed[0]?.failure.code, "statement-timeout");
  equal(failed[0]?.attempts, 1);
});

Deno.test("fleet migration: the youngest clinics go first, and one that fails keeps the others from being begun", async () => {
  const fleet = await fleetOf(4, REFUSE_BAD);
  await spoil(fleet, 3);
  const report = await fleet.run({ canary: 2, mayFail: () => 5 });
  equal(report.outcome, "halted");
  equal(report.haltedBy, "canary");
  equal(report.pending.length, 2);
  deepEqual(await versions(fleet), [6, 6, 7, 6]);
  const order: string[] = [];
  await inClinicOf(
    fleet,
    fleet.clinics[3]!,
    (connection) => connection.rows(sql`update staff set given_names = 'Good'`),
  );
  const again = await fleet.run({
    canary: 1,
    parallel: 4,
    onProgress: ({ clinic }) => order.push(clinic.slug),
  });
  equal(again.outcome, "succeeded");
  equal(order[0], fleet.clinics[3]!.slug);
  equal(order.length, 3);
});

Deno.test("fleet migration: a canary that is not as it should be afterwards halts the run as well", async () => {
  const fleet = await fleetOf(3, ADD_COLUMN);
  const looked: string[] = [];
  const report = await fleet.run({
    canary: 1,
    inspect: (database) => {
      looked.push(database);
      return Promise.resolve("column staff.nickname is missing");
    },
  });
  equal(report.haltedBy, "canary");
  equal(report.failed[0]?.failure.code, "differs-from-template");
  deepEqual(looked, [fleet.clinics[2]!.database]);
  equal(report.pending.length, 2);
});

Deno.test("fleet migration: halts when more clinics failed than may, and keeps what worked", async () => {
  const fleet = await fleetOf(4, REFUSE_BAD);
  await spoil(fleet, 1, 2);
  const asked: number[] = [];
  const report = await fleet.run({
    parallel: 1,
    mayFail: (clinics) => {
      asked.push(clinics);
      return 1;
    },
  });
  deepEqual(asked, [4]);
  equal(report.outcome, "halted");
  equal(report.haltedBy, "failures");
  deepEqual(await versions(fleet), [7, 6, 6, 6]);
  deepEqual(
    report.pending.map(({ slug }) => slug),
    fleet.clinics.slice(3).map(({ slug }) => slug),
  );
  const [run] = await askCentral<{ state: string; halted_by: string }>(
    fleet,
    sql`select state, halted_by from fleet_runs where id = ${report.runId}`,
  );
  deepEqual({ ...run }, { state: "halted", halted_by: "failures" });
});

Deno.test("fleet migration: a database that cannot be reached is one clinic's failure", async () => {
  const fleet = await fleetOf(2, ADD_COLUMN);
  const { database } = fleet.clinics[0]!;
  const central = await Connection.open({
    ...workerLogin(fleet.stack),
    database: "cloison_central",
    applicationName: "test",
  });
  try {
    await central.script(`alter database ${database} allow_connections false`);
    const report = await fleet.run({ mayFail: () => 1 });
    equal(report.outcome, "incomplete");
    equal(report.failed[0]?.clinic.database, database);
    match(report.failed[0]!.failure.code, /^(unreachable|login-refused)$/);
    equal(report.migrated, 1);
  } finally {
    await central.close();
  }
});

Deno.test("fleet migration: one run at a time on a cell, and only of clinics that are there", async () => {
  const fleet = await fleetOf(1, "select pg_sleep(0.8)");
  const limits = {
    lockMs: 100,
    statementMs: 10_000,
    attempts: 1,
    backoffMs: 10,
  };
  const first = fleet.run({ limits });
  await until(
    "the first has begun",
    async () =>
      (await ledgerOf(fleet)).some(({ state }) => state === "running"),
  );
  const second = await failure(fleet.run({ claimMs: 100 }));
  ok(second instanceof FleetError);
  match(second.message, /another run works on the clinics of cell fleet-/);
  equal((await first).outcome, "succeeded");
  const unknown = await failure(fleet.run({ only: ["nobody"] }));
  ok(unknown instanceof FleetError);
  match(unknown.message, /has no clinic with the short name nobody$/);
});

Deno.test("fleet migration: clinics that are being made or moved, and those that are ahead, are left alone", async () => {
  const fleet = await fleetOf(4, ADD_COLUMN);
  const set = (index: number, state: string, version: number) =>
    askCentral(
      fleet,
      sql`update clinics set state = ${state}, schema_version = ${version}
        where id = ${fleet.clinics[index]!.id}`,
    );
  await set(0, "provisioning", 0);
  await set(1, "moving", 6);
  await set(2, "suspended", 6);
  await set(3, "active", 99);
  const report = await fleet.run();
  deepEqual(
    report.skipped.map(({ reason }) => reason),
    ["provisioning", "moving", "ahead"],
  );
  deepEqual([report.migrated, report.outcome], [1, "succeeded"]);
  // What the registry believes is not what counts: the database is asked.
  await set(3, "active", 5);
  const believed = await fleet.run();
  deepEqual([believed.migrated, believed.outcome], [1, "succeeded"]);
});
