import { deepEqual, equal, match } from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import { showServers } from "../../src/db/pooler_console.ts";
import { sql } from "../../src/db/sql.ts";
import type { ClinicId } from "../../src/kernel/ids.ts";
import { migrateFleet } from "../../src/tenancy/fleet/fleet_migration.ts";
import {
  baseMigrations,
  fleetOptions,
  followedBy,
  inClinicOf,
  ledgerOf,
  makeFleet,
  makeWholeFleet,
} from "../support/fleet.ts";
import { readClinic } from "../support/provisioned.ts";
import { consoleOf } from "../support/rotation.ts";
import { testStack } from "../support/test_stack.ts";

const ADD_COLUMN = "alter table staff add column nickname text";

Deno.test("fleet migration: every clinic gets what it lacks, and the registry and the ledger say so", async () => {
  const base = await baseMigrations();
  const next = followedBy(base, ADD_COLUMN);
  const fleet = await makeFleet(testStack(), 4, base);
  const steps: string[] = [];
  const report = await migrateFleet(fleetOptions(fleet, next, {
    onProgress: ({ done, total, failed }) =>
      steps.push(`${done}/${total} ${failed}`),
  }));
  equal(report.outcome, "succeeded");
  equal(report.migrated, 4);
  deepEqual(steps, ["1/4 0", "2/4 0", "3/4 0", "4/4 0"]);
  deepEqual(
    (await ledgerOf(fleet)).map(({ state, version, attempts, registered }) => ({
      state,
      version,
      attempts,
      registered,
    })),
    fleet.clinics.map(() => ({
      state: "succeeded",
      version: next.length,
      attempts: 1,
      registered: next.length,
    })),
  );
  for (const clinic of fleet.clinics) {
    await inClinicOf(fleet, clinic, async (connection) => {
      await connection.rows(sql`select nickname from staff`);
    });
  }
  const again = await migrateFleet(fleetOptions(fleet, next));
  deepEqual([again.migrated, again.current, again.outcome], [
    0,
    4,
    "succeeded",
  ]);
  match(report.runId, /^[0-9a-f-]{36}$/);
});

Deno.test("fleet migration: the pooler replaces its backends, and cuts off no client", async () => {
  const base = await baseMigrations();
  const fleet = await makeWholeFleet(testStack(), 1, base);
  const { stack, clinics: [clinic] } = fleet;
  const { target } = await readClinic(stack, clinic!.id as ClinicId);
  /** Those that will be used again. */
  const backends = async () =>
    (await showServers(consoleOf(stack))).filter((server) =>
      server.database === clinic!.database && server.close_needed === 0
    ).map(({ remote_pid }) => remote_pid);
  const client = await Connection.open(target);
  try {
    const statement = sql`select * from staff`;
    await client.rows(statement);
    const before = await backends();
    equal(before.length, 1);
    const report = await migrateFleet(
      fleetOptions(fleet, followedBy(base, ADD_COLUMN)),
    );
    deepEqual(report.untold, []);
    // At once, and not when it has been idle for long enough.
    equal((await backends()).includes(before[0]!), false);
    equal((await client.rows(sql`select nickname from staff`)).length, 1);
  } finally {
    await client.close();
  }
});

Deno.test("fleet migration: a pooler that is away is no reason to fail", async () => {
  const base = await baseMigrations();
  const fleet = await makeFleet(testStack(), 1, base);
  const options = fleetOptions(fleet, followedBy(base, ADD_COLUMN));
  const report = await migrateFleet({
    ...options,
    console: { ...options.console!, port: 1 },
  });
  equal(report.outcome, "succeeded");
  deepEqual(report.untold, [fleet.clinics[0]!.database]);
});
