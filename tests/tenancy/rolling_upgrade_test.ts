import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { migrateFleet } from "../../src/tenancy/fleet/fleet_migration.ts";
import {
  CURRENT_CLINIC_SCHEMA,
  fitOf,
  MINIMUM_CLINIC_SCHEMA,
} from "../../src/tenancy/fleet/supported_schema.ts";
import { migrationsOf } from "../../scripts/dev/central.ts";
import { until } from "../db/databases.ts";
import { assertProblem, Client, logIn } from "../support/client.ts";
import { fleetOptions, followedBy } from "../support/fleet.ts";
import { inCentral, inClinic } from "../support/sql.ts";
import {
  emailOf,
  openWorld,
  type TestClinic,
  type World,
} from "../support/world.ts";

/** What a file may do while the program before it still runs. */
const EXPAND = `
  alter table staff add column nickname text;
  alter table patients add column shoe_size integer not null default 40;
  create index patients_shoe_size_idx on patients (shoe_size);
  create table shoes (id uuid primary key, patient_id uuid not null references patients);
  grant select, insert on shoes to cloison_clinics`;

/** What people do all day. @throws when the API does not do it */
async function work(world: World, clinic: TestClinic): Promise<void> {
  const client = await logIn(world, clinic, "secretary");
  const made = await client.post("/v1/patients", {
    profileStatus: "provisional",
    givenNames: `Charge ${crypto.randomUUID()}`,
    phone: "+33199004217",
  });
  equal(made.status, 201, made.text);
  const path = `/v1/patients/${made.body.id}`;
  const read = await client.get(path);
  equal(read.status, 200, read.text);
  const changed = await client.patch(
    path,
    { givenNames: `Chargé ${crypto.randomUUID()}` },
    read.headers.get("etag")!,
  );
  equal(changed.status, 200, changed.text);
  const list = await client.get("/v1/patients?limit=5");
  equal(list.status, 200, list.text);
  ok(list.body.data.length >= 1);
  const me = await client.get("/v1/auth/me");
  equal(me.status, 200, me.text);
  const admin = await logIn(world, clinic, "admin");
  equal((await admin.get("/v1/staff")).status, 200);
}

function setVersion(
  world: World,
  { id }: TestClinic,
  version: number,
): Promise<unknown> {
  return inCentral(
    world,
    sql`update clinics set schema_version = ${version} where id = ${id}`,
  );
}

/** Until the API has heard of it. */
async function untilKnown(
  world: World,
  { id }: TestClinic,
  version: number,
): Promise<void> {
  await until(
    `the API knows version ${version}`,
    async () => (await world.directory.byId(id))?.schema.version === version,
  );
}

Deno.test("rolling upgrade: the program names the schema that it was written for", async () => {
  equal((await migrationsOf("clinic")).length, CURRENT_CLINIC_SCHEMA);
  ok(MINIMUM_CLINIC_SCHEMA <= CURRENT_CLINIC_SCHEMA);
});

Deno.test("rolling upgrade: what fits, and what does not yet", () => {
  const supported = { current: 12, minimum: 10 };
  const fit = (version: number, oldestCode: number | null) =>
    fitOf({ version, oldestCode }, supported);
  deepEqual([9, 10, 11, 12].map((version) => fit(version, null)), [
    "behind",
    "fits",
    "fits",
    "fits",
  ]);
  equal(fit(13, null), "fits", "the rule of migrations is all that is known");
  equal(fit(13, 13), "ahead");
  equal(fit(13, 12), "fits");
  equal(fit(14, 10), "fits");
});

Deno.test("rolling upgrade: this program works on the oldest schema that it says it supports", async () => {
  await using world = await openWorld({
    clinics: 1,
    schema: MINIMUM_CLINIC_SCHEMA,
  });
  await work(world, world.clinic(0));
});

Deno.test("rolling upgrade: a clinic that is behind is refused until it is up to date, and no other", async () => {
  await using world = await openWorld({ clinics: 2 });
  const [behind, other] = [world.clinic(0), world.clinic(1)];
  const client = await logIn(world, behind);
  const neighbour = await logIn(world, other);
  await setVersion(world, behind, MINIMUM_CLINIC_SCHEMA - 1);
  await untilKnown(world, behind, MINIMUM_CLINIC_SCHEMA - 1);
  const credentials = {
    clinic: behind.slug,
    email: emailOf("admin"),
    password: behind.password,
  };
  for (
    const answer of [
      await client.get("/v1/patients"),
      await new Client(world.url).post("/v1/auth/login", credentials),
    ]
  ) {
    assertProblem(answer, 503, "clinic-in-maintenance");
    equal(answer.headers.get("retry-after"), "30");
    equal(
      answer.body.detail,
      "The clinic's database is still to be brought up to date",
    );
  }
  equal((await neighbour.get("/v1/patients")).status, 200);
  await setVersion(world, behind, MINIMUM_CLINIC_SCHEMA);
  await untilKnown(world, behind, MINIMUM_CLINIC_SCHEMA);
  equal((await client.get("/v1/patients")).status, 200);
});

Deno.test("rolling upgrade: a clinic that is ahead is served when its schema still serves this program", async () => {
  await using world = await openWorld({ clinics: 1 });
  const clinic = world.clinic(0);
  const client = await logIn(world, clinic);
  const far = CURRENT_CLINIC_SCHEMA + 1_000;
  await inCentral(
    world,
    sql`insert into clinic_schemas (version, oldest_code) values
      (${far + 1}, ${CURRENT_CLINIC_SCHEMA + 1}), (${
      far + 2
    }, ${CURRENT_CLINIC_SCHEMA})`,
  );
  const statuses: number[] = [];
  for (const version of [far, far + 1, far + 2]) {
    await setVersion(world, clinic, version);
    await untilKnown(world, clinic, version);
    const answer = await client.get("/v1/patients");
    statuses.push(answer.status);
    if (answer.status === 200) continue;
    assertProblem(answer, 503, "clinic-in-maintenance");
    equal(answer.headers.get("retry-after"), "5");
  }
  // Nobody said; it serves newer programs only; it serves this one.
  deepEqual(statuses, [200, 503, 200]);
});

Deno.test("rolling upgrade: a clinic gets the next schema while people work in it, and no request fails", async () => {
  await using world = await openWorld({ clinics: 1 });
  const clinic = world.clinic(0);
  const next = followedBy(await migrationsOf("clinic"), EXPAND);
  let over = false;
  const failed: unknown[] = [];
  const load = Array.from({ length: 3 }, async () => {
    while (!over) {
      await work(world, clinic).catch((error) => failed.push(error));
    }
  });
  try {
    await until("people work", async () =>
      (await inClinic<{ n: number }>(
        world,
        clinic,
        sql`select count(*)::integer as n from patients`,
      ))[0]!.n > 2);
    const { cell } = world.stack;
    const fleet = { stack: world.stack, cell, clinics: [] };
    const report = await migrateFleet(fleetOptions(fleet, next, {
      only: [clinic.slug],
      oldestCode: MINIMUM_CLINIC_SCHEMA,
      limits: { lockMs: 500, statementMs: 5_000, attempts: 20, backoffMs: 10 },
    }));
    equal(report.outcome, "succeeded");
    deepEqual(report.untold, []);
  } finally {
    over = true;
    await Promise.all(load);
  }
  deepEqual(failed, []);
  await untilKnown(world, clinic, next.length);
  notEqual(next.length, CURRENT_CLINIC_SCHEMA);
  await work(world, clinic);
});
