import { equal } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import type { StaffRole } from "../../src/kernel/permissions.ts";
import {
  addPractitioner,
  type Bookable,
  bookable,
  booking,
} from "../support/appointments.ts";
import { assertProblem, type Client, logIn } from "../support/client.ts";
import { inClinic } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let admin: Client;
let lilas: Bookable;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  const clinic = world.clinic(0);
  admin = await logIn(world, clinic);
  lilas = await bookable(world, clinic);
  await inClinic(
    world,
    clinic,
    sql`insert into opening_hours values (7, int4range(0, 1440))`,
  );
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** Asks for a time in Paris, without a word about hours. */
async function statusAt(
  from: Bookable,
  startsAt: string,
  endsAt: string,
): Promise<number> {
  const wanted = booking(from, { startsAt, endsAt });
  const answer = await admin.post("/v1/appointments", wanted);
  if (answer.status !== 201) assertProblem(answer, 409, "outside-hours");
  return answer.status;
}

Deno.test("hours: nobody is booked before, after or between their hours", async () => {
  for (
    const [start, end, status] of [
      ["2026-06-01T08:45:00+02:00", "2026-06-01T09:15:00+02:00", 409],
      ["2026-06-01T09:00:00+02:00", "2026-06-01T09:15:00+02:00", 201],
      ["2026-06-01T17:45:00+02:00", "2026-06-01T18:00:00+02:00", 201],
      ["2026-06-01T17:30:00+02:00", "2026-06-01T18:01:00+02:00", 409],
      ["2026-06-01T17:00:00+02:00", "2026-06-02T10:00:00+02:00", 409],
      ["2026-06-06T10:00:00+02:00", "2026-06-06T10:15:00+02:00", 409],
    ] as const
  ) {
    equal(await statusAt(lilas, start, end), status, `${start} ${end}`);
  }
});

Deno.test("hours: on a closed day nobody is booked", async () => {
  await inClinic(
    world,
    world.clinic(0),
    sql`insert into closed_days (id, first_day, last_day)
      values (${crypto.randomUUID()}, '2026-07-14', '2026-07-14')`,
  );
  const [start, end] = ["T10:00:00+02:00", "T10:15:00+02:00"];
  equal(await statusAt(lilas, `2026-07-14${start}`, `2026-07-14${end}`), 409);
  equal(await statusAt(lilas, `2026-07-15${start}`, `2026-07-15${end}`), 201);
});

Deno.test("hours: they are wall-clock hours when clocks skip one, and when they repeat one", async () => {
  const clinic = world.clinic(0);
  const practitionerId = await addPractitioner(world, clinic);
  // From midnight to 4 o'clock: three hours in March, five in October.
  await inClinic(
    world,
    clinic,
    sql`insert into availability_template_hours
      values (${practitionerId}, 7, int4range(0, 240))`,
  );
  const from = { ...lilas, practitionerId };
  for (
    const [start, end, status] of [
      ["2026-03-28T22:59:00Z", "2026-03-28T23:29:00Z", 409],
      ["2026-03-28T23:00:00Z", "2026-03-29T02:00:00Z", 201],
      ["2026-03-29T02:00:00Z", "2026-03-29T02:30:00Z", 409],
      ["2026-10-24T21:59:00Z", "2026-10-24T22:29:00Z", 409],
      ["2026-10-24T22:00:00Z", "2026-10-25T03:00:00Z", 201],
      ["2026-10-25T03:00:00Z", "2026-10-25T03:30:00Z", 409],
    ] as const
  ) {
    equal(await statusAt(from, start, end), status, `${start} ${end}`);
  }
});

Deno.test("hours: hours that go on over midnight are one", async () => {
  const clinic = world.clinic(0);
  const practitionerId = await addPractitioner(world, clinic);
  await inClinic(
    world,
    clinic,
    sql`update opening_hours set minutes = int4range(0, 1140)
      where weekday = 1`,
  );
  await inClinic(
    world,
    clinic,
    sql`insert into availability_template_hours
      values (${practitionerId}, 7, int4range(1200, 1440)),
        (${practitionerId}, 1, int4range(0, 120))`,
  );
  const from = { ...lilas, practitionerId };
  const start = "2026-06-07T23:30:00+02:00";
  equal(await statusAt(from, start, "2026-06-08T00:30:00+02:00"), 201);
  const late = "2026-06-08T01:30:00+02:00";
  equal(await statusAt(from, late, "2026-06-08T02:30:00+02:00"), 409);
});

Deno.test("hours: who may books outside them, and moves there, when it is meant", async () => {
  const clinic = world.clinic(0);
  const practitionerId = await addPractitioner(world, clinic);
  const from = { ...lilas, practitionerId };
  const startsAt = "2026-06-06T10:00:00+02:00";
  const wanted = booking(from, { startsAt, outsideHours: true });
  for (
    const [role, status] of [
      ["nurse", 403],
      ["practitioner", 403],
      ["readonly", 403],
      ["secretary", 201],
    ] as [StaffRole, number][]
  ) {
    const client = await logIn(world, clinic, role);
    const answer = await client.post("/v1/appointments", wanted);
    equal(answer.status, status, answer.text);
    if (status !== 403) continue;
    assertProblem(answer, 403, "permission-denied");
    const missing = role === "readonly" ? "edit" : "outside_hours";
    equal(answer.body.permission, `appointments.${missing}`);
  }
  const made = await admin.post(
    "/v1/appointments",
    booking(from, { startsAt: "2026-06-08T10:00:00+02:00" }),
  );
  const path = `/v1/appointments/${made.body.id}`;
  const saturday = { startsAt: "2026-06-06T14:00:00+02:00" };
  const refused = await admin.patch(path, saturday, "*");
  assertProblem(refused, 409, "outside-hours");
  const meant = { ...saturday, outsideHours: true };
  const nurse = await logIn(world, clinic, "nurse");
  assertProblem(await nurse.patch(path, meant, "*"), 403, "permission-denied");
  const moved = await admin.patch(path, meant, "*");
  equal(moved.status, 200, moved.text);
  equal(moved.body.outsideHours, true);
});
