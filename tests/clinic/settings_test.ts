import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  type Json,
  logIn,
} from "../support/client.ts";
import {
  changeSettings,
  hours,
  inClinic,
  weekOf,
} from "../support/practice.ts";
import { openWorld, type World } from "../support/world.ts";

const PATH = "/v1/clinic/settings";

let world: World;
let admin: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  admin = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function violationsIn({ body }: Answer): [string, string][] {
  return body.errors.map((
    { pointer, code }: { pointer: string; code: string },
  ) => [pointer, code]);
}

Deno.test("settings: a new clinic has some, and is open on working days", async () => {
  const stranger = await logIn(world, world.clinic(1), "readonly");
  const { status, body, headers } = await stranger.get(PATH);
  equal(status, 200);
  equal(headers.get("etag"), '"1"');
  equal(body.timeZone, "Europe/Paris");
  deepEqual(body.openingHours.friday, hours("08:00-19:00"));
  deepEqual(body.openingHours.saturday, []);
  equal(body.billing.siret, null);
});

Deno.test("settings: a merge patch changes what it names, within its members too", async () => {
  const before = await changeSettings(admin, {
    locale: "fr-FR",
    billing: { legalName: "SELARL des Lilas", city: "Lyon" },
  });
  const after = await changeSettings(admin, {
    billing: { city: null, iban: "FR1420041010050500013M02606" },
    openingHours: { saturday: hours("09:00-12:00", "13:00-24:00") },
  });
  equal(after.version, before.version + 1);
  deepEqual(after.billing, {
    ...before.billing,
    city: null,
    iban: "FR1420041010050500013M02606",
  });
  deepEqual(after.openingHours, {
    ...before.openingHours,
    saturday: hours("09:00-12:00", "13:00-24:00"),
  });
  deepEqual((await admin.get(PATH)).body, after);
});

Deno.test("settings: {} changes nothing, and hours alone make a new version", async () => {
  const before = (await admin.get(PATH)).body;
  deepEqual(await changeSettings(admin, {}), before);
  const openingHours = { sunday: hours("10:00-11:00") };
  const { version } = await changeSettings(admin, { openingHours });
  equal(version, before.version + 1);
});

Deno.test("settings: a change needs the version that was read, and of 12 at once one gets it", async () => {
  const { headers } = await admin.get(PATH);
  const etag = headers.get("etag")!;
  assertProblem(
    await admin.patch(PATH, { locale: "fr" }),
    428,
    "precondition-required",
  );
  // So that there are connections for many at once.
  await Promise.all(Array.from({ length: 12 }, () => admin.get(PATH)));
  const answers = await Promise.all(
    Array.from(
      { length: 12 },
      (_, n) => admin.patch(PATH, { billing: { city: `Ville ${n}` } }, etag),
    ),
  );
  const done = answers.filter(({ status }) => status === 200);
  equal(done.length, 1);
  for (const answer of answers.filter((each) => each !== done[0])) {
    assertProblem(answer, 412, "precondition-failed");
  }
  equal((await admin.get(PATH)).text, done[0]!.text);
});

Deno.test("settings: a time zone must be one of the IANA database", async () => {
  for (
    const timeZone of [
      "UTC",
      "America/Argentina/Buenos_Aires",
      "Asia/Kathmandu",
      "Indian/Reunion",
      "Europe/Paris",
    ]
  ) {
    equal((await changeSettings(admin, { timeZone })).timeZone, timeZone);
  }
  // PostgreSQL by itself takes the first two as rules of its own.
  for (const timeZone of ["Europe/Foo5", "Here/There-3", "Europe/Pariss"]) {
    const answer = await admin.patch(PATH, { timeZone }, "*");
    assertProblem(answer, 422, "invalid-request");
    deepEqual(violationsIn(answer), [["#/timeZone", "unknown-time-zone"]]);
  }
  for (const timeZone of ["CEST", "europe/paris", "+02:00", "", "a\0b"]) {
    const answer = await admin.patch(PATH, { timeZone }, "*");
    assertProblem(answer, 422, "invalid-request");
  }
  equal((await admin.get(PATH)).body.timeZone, "Europe/Paris");
});

Deno.test("settings: hours are in order, and do not reach into one another", async () => {
  const cases: [Json, string, string][] = [
    [hours("09:00-09:00"), "#/openingHours/monday/0/end", "empty-interval"],
    [hours("12:00-09:00"), "#/openingHours/monday/0/end", "empty-interval"],
    [
      hours("09:00-12:00", "11:59-13:00"),
      "#/openingHours/monday/1/start",
      "overlapping-interval",
    ],
    [
      hours("14:00-18:00", "09:00-12:00"),
      "#/openingHours/monday/1/start",
      "overlapping-interval",
    ],
  ];
  const before = (await admin.get(PATH)).body;
  for (const [monday, pointer, code] of cases) {
    const answer = await admin.patch(PATH, { openingHours: { monday } }, "*");
    assertProblem(answer, 422, "invalid-request");
    deepEqual(violationsIn(answer), [[pointer, code]]);
  }
  deepEqual((await admin.get(PATH)).body, before);
});

Deno.test("settings: the database itself keeps hours apart, and within the day", async () => {
  const insert = (from: number, to: number) =>
    inClinic(
      world,
      world.clinic(1),
      sql`insert into opening_hours (weekday, minutes)
        values (1, int4range(${from}, ${to}))`,
    );
  const broken = (constraint: string) => (error: unknown) =>
    (error as { constraint?: string }).constraint === constraint;
  await rejects(insert(1100, 1200), broken("opening_hours_overlap"));
  await rejects(insert(1400, 1441), broken("opening_hours_minutes_check"));
  await rejects(insert(10, 10), broken("opening_hours_minutes_check"));
  await insert(1140, 1440);
});

Deno.test("settings: there is one row of them, for ever", async () => {
  const clinic = world.clinic(1);
  await rejects(
    inClinic(world, clinic, sql`insert into clinic_settings default values`),
    (error: { constraint?: string }) =>
      error.constraint === "clinic_settings_pkey",
  );
  const [grants] = await inClinic(
    world,
    clinic,
    sql`select has_table_privilege('cloison_clinics', 'clinic_settings',
      'delete') as may`,
  );
  equal(grants![0].may, false);
});

Deno.test("settings: numbers that stand on invoices have their check digits", async () => {
  const right = {
    siret: "35600000000048",
    vatNumber: "FR03512803495",
    iban: "GB82WEST12345698765432",
  };
  equal((await admin.patch(PATH, { billing: right }, "*")).status, 200);
  // La Poste's have another rule; numbers of other countries have none here.
  const others = { siret: "35600000049837", vatNumber: "DE123456789" };
  equal((await admin.patch(PATH, { billing: others }, "*")).status, 200);
  const answer = await admin.patch(PATH, {
    billing: {
      siret: "73282932000075",
      vatNumber: "FR04512803495",
      iban: "GB82WEST12345698765433",
    },
  }, "*");
  assertProblem(answer, 422, "invalid-request");
  deepEqual(violationsIn(answer), [
    ["#/billing/siret", "siret-key"],
    ["#/billing/vatNumber", "vat-key"],
    ["#/billing/iban", "iban-key"],
  ]);
  ok(!answer.text.includes("73282932000075"));
});

Deno.test("settings: a change leaves its event, with names and no values", async () => {
  await changeSettings(admin, {
    billing: { legalName: "Cabinet Ferrand" },
    openingHours: { monday: hours("07:00-19:00") },
  });
  const [rows] = await inClinic(
    world,
    world.clinic(0),
    sql`select action, entity_id, changed_fields from audit_outbox
      order by id desc limit 1`,
  );
  deepEqual(rows, [{
    action: "settings.change",
    entity_id: world.clinic(0).id,
    changed_fields: ["billing.legalName", "openingHours.monday"],
  }]);
});

Deno.test("settings: only an admin changes them", async () => {
  for (const role of ["physician", "secretary"] as const) {
    const client = await logIn(world, world.clinic(0), role);
    const refused = await client.patch(PATH, { locale: "fr" }, "*");
    assertProblem(refused, 403, "permission-denied");
    equal(refused.body.permission, "settings.edit");
  }
});

Deno.test("settings: closed days are entered, changed, and opened again", async () => {
  const path = "/v1/clinic/closed-days";
  const days = { firstDay: "2027-05-01", lastDay: "2027-05-01" };
  const created = await admin.post(path, {
    ...days,
    reason: "Fête du Travail",
  });
  equal(created.status, 201, created.text);
  const at = created.headers.get("location")!;
  deepEqual((await admin.get(at)).body, created.body);
  const changed = await admin.patch(at, { lastDay: "2027-05-02" }, '"1"');
  equal(changed.body.lastDay, "2027-05-02");
  for (const lastDay of ["2027-04-30", "2029-05-01"]) {
    const answer = await admin.patch(at, { lastDay }, "*");
    assertProblem(answer, 422, "invalid-request");
    deepEqual(violationsIn(answer), [["#/lastDay", "wrong-order"]]);
  }
  const headers = { "if-match": '"1"' };
  assertProblem(
    await admin.send("DELETE", at, { headers }),
    412,
    "precondition-failed",
  );
  headers["if-match"] = '"2"';
  equal((await admin.send("DELETE", at, { headers })).status, 204);
  assertProblem(await admin.get(at), 404, "not-found");
});

Deno.test("settings: closed days are listed by day, from a day on", async () => {
  const client = await logIn(world, world.clinic(1));
  const path = "/v1/clinic/closed-days";
  for (
    const [firstDay, lastDay] of [
      ["2027-12-25", "2028-01-01"],
      ["2027-07-14", "2027-07-14"],
      ["2027-08-01", "2027-08-31"],
    ]
  ) {
    equal((await client.post(path, { firstDay, lastDay })).status, 201);
  }
  const firstDays = async (query: string) =>
    (await client.get(`${path}?${query}`)).body.data.map(
      ({ firstDay }: { firstDay: string }) => firstDay,
    );
  deepEqual(await firstDays("sort=-firstDay"), [
    "2027-12-25",
    "2027-08-01",
    "2027-07-14",
  ]);
  deepEqual(await firstDays("from=2027-08-31"), ["2027-08-01", "2027-12-25"]);
  const page = await client.get(`${path}?limit=1&from=2027-08-31`);
  const { nextCursor } = page.body.page;
  deepEqual(
    await firstDays(`limit=1&from=2027-08-31&cursor=${nextCursor}`),
    ["2027-12-25"],
  );
  const other = await client.get(`${path}?limit=1&cursor=${nextCursor}`);
  assertProblem(other, 400, "invalid-cursor");
});

Deno.test("settings: hours that a clinic puts in order are as it sees them", async () => {
  const openingHours = weekOf({
    wednesday: hours("00:00-12:00", "12:00-24:00"),
  });
  const settings = await changeSettings(admin, { openingHours });
  deepEqual(settings.openingHours, openingHours);
});
