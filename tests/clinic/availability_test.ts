import { deepEqual, equal, rejects } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { assertProblem, type Client, logIn } from "../support/client.ts";
import {
  addPractitioner,
  changeSettings,
  everyDay,
  hours,
  inClinic,
  put,
  weekOf,
} from "../support/practice.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let admin: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  admin = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function templateOf(id: string): string {
  return `/v1/practitioners/${id}/availability`;
}

function weekPath(id: string, week: string): string {
  return `/v1/practitioners/${id}/weeks/${week}`;
}

Deno.test("availability: the usual week is replaced as a whole", async () => {
  const id = await addPractitioner(
    admin,
    weekOf({ monday: hours("09:00-12:00"), friday: hours("14:00-18:00") }),
  );
  const read = await admin.get(templateOf(id));
  equal(read.headers.get("etag"), '"2"');
  const next = weekOf({ tuesday: hours("08:00-12:00", "13:30-19:00") });
  const answer = await put(admin, templateOf(id), { hours: next }, '"2"');
  equal(answer.status, 200, answer.text);
  deepEqual(answer.body.hours, next);
  deepEqual((await admin.get(templateOf(id))).body, answer.body);
  assertProblem(
    await put(admin, templateOf(id), { hours: next }, '"2"'),
    412,
    "precondition-failed",
  );
});

Deno.test("availability: of 12 who replace weeks at once, all but one are told to read them again", async () => {
  const id = await addPractitioner(admin);
  // So that there are connections for many at once.
  await Promise.all(
    Array.from({ length: 12 }, () => admin.get(templateOf(id))),
  );
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => {
      const monday = hours(`${n + 10 < 19 ? n + 10 : 18}:00-19:00`);
      const path = weekPath(id, n % 2 === 0 ? "2027-W20" : "2027-W21");
      return put(admin, path, { hours: weekOf({ monday }) }, '"2"');
    }),
  );
  const done = answers.filter(({ status }) => status === 200);
  equal(done.length, 1);
  for (const answer of answers.filter((each) => each !== done[0])) {
    assertProblem(answer, 412, "precondition-failed");
  }
  equal((await admin.get(templateOf(id))).headers.get("etag"), '"3"');
});

Deno.test("availability: a week of its own stands instead of the usual one, until it is taken away", async () => {
  const usual = weekOf({ monday: hours("09:00-12:00") });
  const id = await addPractitioner(admin, usual);
  const path = weekPath(id, "2027-W12");
  const before = await admin.get(path);
  equal(before.body.source, "template");
  deepEqual(before.body.hours, usual);
  deepEqual(before.body.days[0], {
    date: "2027-03-22",
    stretches: [{
      startsAt: "2027-03-22T08:00:00Z",
      endsAt: "2027-03-22T11:00:00Z",
    }],
  });
  const own = weekOf({ wednesday: hours("10:00-11:00") });
  const changed = await put(admin, path, { hours: own });
  equal(changed.body.source, "override");
  deepEqual(changed.body.hours, own);
  deepEqual((await admin.get(path)).body, changed.body);
  deepEqual(
    changed.body.days.map(({ stretches }: { stretches: [] }) =>
      stretches.length
    ),
    [0, 0, 1, 0, 0, 0, 0],
  );
  // The weeks around it are as they were.
  for (const week of ["2027-W11", "2027-W13"]) {
    equal((await admin.get(weekPath(id, week))).body.source, "template");
  }
  const away = await put(admin, path, { hours: weekOf() });
  equal(away.body.source, "override");
  const headers = { "if-match": away.headers.get("etag")! };
  equal((await admin.send("DELETE", path, { headers })).status, 204);
  deepEqual((await admin.get(path)).body, {
    ...before.body,
    version: away.body.version + 1,
  });
});

Deno.test("availability: weeks are numbered as ISO 8601 does it", async () => {
  const id = await addPractitioner(admin);
  const mondays: [string, string][] = [
    ["2026-W01", "2025-12-29"],
    ["2026-W53", "2026-12-28"],
    ["2027-W01", "2027-01-04"],
    ["2020-W53", "2020-12-28"],
    ["2000-W01", "2000-01-03"],
    ["2199-W52", "2199-12-23"],
  ];
  for (const [week, monday] of mondays) {
    const { body } = await admin.get(weekPath(id, week));
    equal(body.days[0].date, monday, week);
  }
  for (
    const week of ["2027-W53", "2027-W00", "2027-W54", "1999-W52", "2027-12"]
  ) {
    assertProblem(await admin.get(weekPath(id, week)), 404, "not-found");
  }
});

Deno.test("availability: nobody is given hours in which the clinic is closed", async () => {
  const id = await addPractitioner(admin);
  const paths = [templateOf(id), weekPath(id, "2027-W12")];
  for (const path of paths) {
    for (
      const week of [
        weekOf({ monday: hours("07:59-09:00") }),
        weekOf({ monday: hours("18:00-19:01") }),
        weekOf({ tuesday: hours("09:00-10:00"), sunday: hours("09:00-10:00") }),
      ]
    ) {
      assertProblem(
        await put(admin, path, { hours: week }),
        409,
        "outside-opening-hours",
      );
    }
  }
  deepEqual((await admin.get(templateOf(id))).body.hours, weekOf());
  equal((await admin.get(paths[1]!)).body.source, "template");
});

Deno.test("availability: the database itself refuses hours in which the clinic is closed, and hours twice", async () => {
  const id = await addPractitioner(admin);
  const insert = (from: number, to: number) =>
    inClinic(
      world,
      world.clinic(0),
      sql`insert into availability_template_hours
        (practitioner_id, weekday, minutes)
        values (${id}, 1, int4range(${from}, ${to}))`,
    );
  const broken = (constraint: string) => (error: unknown) =>
    (error as { constraint?: string }).constraint === constraint;
  await rejects(insert(479, 540), broken("availability_within_opening_hours"));
  await insert(480, 540);
  await rejects(
    insert(539, 600),
    broken("availability_template_hours_overlap"),
  );
  await rejects(
    inClinic(
      world,
      world.clinic(0),
      sql`insert into availability_overrides (id, practitioner_id, monday)
        values (${crypto.randomUUID()}, ${id}, '2027-03-23')`,
    ),
    broken("availability_overrides_monday_check"),
  );
});

Deno.test("availability: hours that the clinic closes later count for nothing, and come back with it", async () => {
  const client = await logIn(world, world.clinic(1));
  const id = await addPractitioner(
    client,
    weekOf({ monday: hours("09:00-12:00"), tuesday: hours("09:00-12:00") }),
  );
  const stretches = async () => {
    const { body } = await client.get(weekPath(id, "2027-W12"));
    return body.days.slice(0, 2).map((
      { stretches }: { stretches: { startsAt: string; endsAt: string }[] },
    ) =>
      stretches.map(({ startsAt, endsAt }) =>
        `${startsAt.slice(11, 16)}-${endsAt.slice(11, 16)}`
      )
    );
  };
  deepEqual(await stretches(), [["08:00-11:00"], ["08:00-11:00"]]);
  await changeSettings(client, {
    openingHours: { monday: hours("10:00-11:00", "11:30-20:00"), tuesday: [] },
  });
  deepEqual(await stretches(), [["09:00-10:00", "10:30-11:00"], []]);
  await changeSettings(client, { openingHours: everyDay("00:00-24:00") });
  deepEqual(await stretches(), [["08:00-11:00"], ["08:00-11:00"]]);
  const days = { firstDay: "2027-03-20", lastDay: "2027-03-22" };
  const closed = await client.post("/v1/clinic/closed-days", days);
  equal(closed.status, 201, closed.text);
  deepEqual(await stretches(), [[], ["08:00-11:00"]]);
});

Deno.test("availability: hours must be in order", async () => {
  const id = await addPractitioner(admin);
  const answer = await put(admin, templateOf(id), {
    hours: weekOf({
      monday: hours("09:00-10:00", "09:30-11:00"),
      friday: hours("12:00-12:00"),
    }),
  });
  assertProblem(answer, 422, "invalid-request");
  deepEqual(
    answer.body.errors.map(({ pointer }: { pointer: string }) => pointer),
    ["#/hours/monday/1/start", "#/hours/friday/0/end"],
  );
  const nonsense = await put(admin, templateOf(id), {
    hours: weekOf({ monday: hours("9:00-10:00", "08:00-25:00") }),
  });
  assertProblem(nonsense, 422, "invalid-request");
  equal(nonsense.body.errors.length, 2);
});

Deno.test("availability: a secretary sets it, a nurse only sees it", async () => {
  const id = await addPractitioner(admin);
  const body = { hours: weekOf({ monday: hours("09:00-10:00") }) };
  const secretary = await logIn(world, world.clinic(0), "secretary");
  equal((await put(secretary, templateOf(id), body)).status, 200);
  const nurse = await logIn(world, world.clinic(0), "nurse");
  const refused = await put(nurse, templateOf(id), body);
  assertProblem(refused, 403, "permission-denied");
  equal(refused.body.permission, "availability.edit");
  equal((await nurse.get(templateOf(id))).status, 200);
});
