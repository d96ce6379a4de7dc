import { deepEqual, equal, match, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { auditCluster } from "../../src/tenancy/fleet/cluster_audit.ts";
import {
  type DriftReport,
  findDrift,
} from "../../src/tenancy/fleet/fleet_drift.ts";
import { migrateFleet } from "../../src/tenancy/fleet/fleet_migration.ts";
import { describeDifference } from "../../src/tenancy/fleet/schema_drift.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { cloison } from "../support/cloison.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import {
  askCentral,
  baseMigrations,
  fleetOptions,
  followedBy,
  inClinicOf,
  makeWholeFleet,
  type TestFleet,
} from "../support/fleet.ts";
import {
  superuserLogin,
  testStack,
  workerLogin,
} from "../support/test_stack.ts";
import type { Migration } from "../../src/db/migrations.ts";

function look(
  fleet: TestFleet,
  migrations: readonly Migration[],
): Promise<DriftReport> {
  const { stack, cell } = fleet;
  const login = workerLogin(stack);
  return findDrift({ login, cell, only: null, migrations, parallel: 2 });
}

/** Runs statements as the superuser: what no program of ours does. */
function tamper(
  { stack }: TestFleet,
  database: string,
  ...statements: string[]
): Promise<void> {
  return withDatabase(superuserLogin(stack), database, async (connection) => {
    for (const statement of statements) await connection.script(statement);
  });
}

Deno.test("drift: a clinic that was migrated has the same fingerprint as one that was made so", async () => {
  const base = await baseMigrations();
  const next = followedBy(
    base,
    `alter table staff add column nickname text not null default 'x';
     alter table sessions drop column address;
     create type mood as enum ('good', 'bad');
     create view names as select id, family_name from staff;
     grant select (id) on names to cloison_clinics`,
  );
  const fleet = await makeWholeFleet(testStack(), 1, base);
  await migrateFleet(fleetOptions(fleet, next));
  const made = await makeWholeFleet(testStack(), 1, next);
  const [one, two] = [await look(fleet, next), await look(made, next)];
  for (const { clinics, expected } of [one, two]) {
    deepEqual(clinics.map(({ differences }) => differences), [[]]);
    equal(clinics[0]?.fingerprint, expected.get(7));
    match(clinics[0]!.fingerprint!, /^[0-9a-f]{64}$/);
  }
  equal(one.clinics[0]?.fingerprint, two.clinics[0]?.fingerprint);
  // In the middle of an upgrade, each clinic is compared with its own version.
  const behind = await makeWholeFleet(testStack(), 1, base);
  deepEqual((await look(behind, next)).clinics[0]?.differences, []);
});

Deno.test("drift: every thing of a schema that was changed by hand is listed", async () => {
  const base = await baseMigrations();
  const fleet = await makeWholeFleet(testStack(), 2, base);
  const [changed] = fleet.clinics;
  const role = changed!.database;
  await tamper(
    fleet,
    changed!.database,
    "alter table staff add column secret text",
    "alter table staff alter column email set default 'x'",
    "alter table staff rename column given_names to first_names",
    "alter table sessions alter column created_at drop not null",
    "alter table second_factors disable trigger all",
    "alter table audit_outbox disable trigger append_only",
    "drop index staff_email_key",
    "alter table sessions drop constraint sessions_staff_id_fkey",
    "grant select on staff to public",
    "grant update (email) on staff to cloison_clinics",
    "alter table patients enable row level security",
    "create policy everybody on patients using (true)",
    `create or replace function touch_row() returns trigger language plpgsql as $$ begin return new; end $$`,
    "alter function refuse_change() owner to cloison_worker",
    "create table notes (id int)",
    "alter table notes owner to cloison_owner",
    `revoke usage on schema public from ${role}`,
    "create extension citext",
    "delete from schema_migrations where number = 6",
  );
  const { clinics } = await look(fleet, base);
  const [drift] = clinics.filter(({ clinic }) => clinic.id === changed!.id);
  const lines = drift!.differences.map(describeDifference);
  deepEqual(lines.map((line) => line.slice(0, line.indexOf(": "))), [
    "+ column notes.id",
    "~ column sessions.created_at",
    "~ column staff.email",
    "+ column staff.first_names",
    "- column staff.given_names",
    "+ column staff.secret",
    "~ column staff.sort_name",
    "- constraint sessions.sessions_staff_id_fkey",
    "~ constraint staff.staff_given_names_check",
    "+ extension citext",
    "~ function public.refuse_change()",
    "~ function public.touch_row()",
    "- grant function public.refuse_change() to cloison_owner",
    "+ grant function public.refuse_change() to cloison_worker",
    "- grant schema public to clinic",
    "+ grant staff to public",
    "~ grant staff.email to cloison_clinics",
    "+ grant staff.first_names to cloison_clinics",
    "- grant staff.given_names to cloison_clinics",
    "- index staff.staff_email_key",
    "- migration 0006_second_factors",
    "+ policy patients.everybody",
    "+ table notes",
    "~ table patients",
    "~ table second_factors",
    "~ trigger audit_outbox.append_only",
  ]);
  for (
    const line of [
      "~ column sessions.created_at: timestamp with time zone | default now(), instead of timestamp with time zone | not null | default now()",
      "- grant schema public to clinic: usage",
      "+ grant staff to public: select",
      "~ grant staff.email to cloison_clinics: insert, update, instead of insert",
      "~ table second_factors: table | owner cloison_owner | foreign keys disabled, instead of table | owner cloison_owner",
    ]
  ) ok(lines.includes(line), line);
  const [other] = clinics.filter(({ clinic }) => clinic.id !== changed!.id);
  deepEqual(other!.differences, []);
});

Deno.test("drift: what the registry and the cluster say differently, and what nobody should be able to do", async () => {
  const fleet = await makeWholeFleet(testStack(), 4, await baseMigrations());
  const [lost, open, strong, orphan] = fleet.clinics;
  const name = orphan!.database.slice(0, -4) + "beef";
  const stranger = fleet.cell.replace("-", "_");
  await tamper(
    fleet,
    "postgres",
    `drop database ${lost!.database}`,
    `grant connect on database ${open!.database} to public`,
    `grant connect on database ${open!.database} to ${strong!.database}`,
    `revoke connect on database ${strong!.database} from ${strong!.database}`,
    `alter role ${strong!.database} createdb`,
    `grant pg_read_all_data to ${strong!.database}`,
    `grant ${open!.database} to ${strong!.database}`,
    `create role ${name}`,
    `create database ${name}`,
    `create database ${stranger}`,
    `alter database ${orphan!.database} owner to cloison_worker`,
  );
  try {
    const found = await withDatabase(
      workerLogin(fleet.stack),
      CENTRAL_DATABASE,
      (central) => auditCluster(central, fleet.cell),
    );
    const subjects = new Set([
      name,
      stranger,
      ...fleet.clinics.flatMap(({ slug, database }) => [slug, database]),
    ]);
    const lines = found.filter(({ subject }) => subjects.has(subject))
      .map(({ code, subject, detail }) => `${code} ${subject}: ${detail}`);
    deepEqual(
      lines.sort(),
      [
        `clinic-without-database ${lost!.slug}: ${lost!.database} is not there`,
        `closed-to-clinic ${strong!.slug}: its role may not connect to ${
          strong!.database
        }`,
        `database-without-clinic ${name}: no clinic of the registry has it`,
        `extra-membership ${open!.database}: ${
          strong!.database
        } is a member of it`,
        `extra-membership ${strong!.database}: is a member of ${
          open!.database
        }`,
        `extra-membership ${strong!.database}: is a member of pg_read_all_data`,
        `extra-power ${strong!.database}: may create databases`,
        `open-to-others ${open!.database}: ${strong!.database} may connect`,
        `open-to-public ${open!.database}: everybody may connect`,
        `open-to-public ${name}: everybody may connect`,
        `open-to-public ${stranger}: everybody may connect`,
        `role-without-clinic ${name}: no clinic of the registry has it, but a database`,
        `unknown-database ${stranger}: neither a clinic's nor the program's`,
        `wrong-owner ${orphan!.database}: owned by cloison_worker`,
      ].sort(),
    );
  } finally {
    await tamper(
      fleet,
      "postgres",
      `drop database ${name}`,
      `drop role ${name}`,
      `drop database ${stranger}`,
      // Other tests look at all that there is in this cluster.
      `revoke connect on database ${open!.database} from public`,
      `revoke connect on database ${open!.database} from ${strong!.database}`,
      `revoke pg_read_all_data, ${open!.database} from ${strong!.database}`,
      `alter role ${strong!.database} nocreatedb`,
    );
    await askCentral(
      fleet,
      sql`update clinics set state = 'closed' where slug = ${lost!.slug}`,
    );
  }
});

Deno.test("drift: a cluster as it was set up has nothing to find", async () => {
  await using own = await openOwnTestStack();
  const base = await baseMigrations();
  const fleet = await makeWholeFleet(own.stack, 1, base);
  const { clinics, findings } = await look(fleet, base);
  deepEqual(findings, []);
  deepEqual(clinics.map(({ differences }) => differences), [[]]);
});

Deno.test("cloison drift: exit code 0 without a difference, 1 with one, 2 when asked for what is not there", async () => {
  const fleet = await makeWholeFleet(testStack(), 2, await baseMigrations());
  const [changed, same] = fleet.clinics;
  await inClinicOf(
    fleet,
    changed!,
    (connection) =>
      connection.script("alter table staff add column secret text"),
  );
  const clean = await cloison(fleet, ["drift", "--only", same!.slug]);
  equal(clean.error, "");
  equal(clean.code, 0);
  equal(clean.out, "No drift in 1 clinics\n");
  const both = `${changed!.slug},${same!.slug}`;
  const found = await cloison(fleet, ["drift", "--only", both]);
  equal(found.code, 1);
  equal(found.out, `${changed!.slug}\n  + column staff.secret: text\n`);
  equal(
    found.error,
    "Drift: 1 of 2 clinics differ, 0 findings in the cluster\n",
  );
  const json = await cloison(fleet, ["drift", "--only", both, "--json"]);
  equal(json.code, 1);
  const { clinics, templates, findings } = JSON.parse(json.out);
  deepEqual(findings, []);
  const [first, second] = [changed, same].map((made) =>
    clinics.find(({ slug }: { slug: string }) => slug === made!.slug)
  );
  equal(second.fingerprint, templates[0].fingerprint);
  deepEqual(first.differences, [
    { kind: "column", name: "staff.secret", expected: null, found: "text" },
  ]);
  for (
    const [slug, error] of [
      ["nobody", /^Cell fleet-\w+ has no clinic with the short name nobody\n$/],
      ["'; drop", /^--only must be short names, such as lyon,paris\n$/],
    ] as const
  ) {
    const refused = await cloison(fleet, ["drift", "--only", slug]);
    equal(refused.code, 2);
    match(refused.error, error);
  }
});
