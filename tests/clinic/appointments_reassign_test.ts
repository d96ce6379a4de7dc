import { deepEqual, equal } from "node:assert/strict";
import {
  addPractitioner,
  book,
  type Bookable,
  bookable,
  booking,
  move,
} from "../support/appointments.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  type Json,
  logIn,
} from "../support/client.ts";
import { inClinic } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";
import { sql } from "../../src/db/sql.ts";

let world: World;
let secretary: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  secretary = await logIn(world, world.clinic(0), "secretary");
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

interface Leaving {
  readonly from: Bookable;
  readonly to: string;
  readonly booked: readonly Json[];
}

/** Somebody with three appointments to come, one of which is cancelled, and somebody who could take over. */
async function leaving(): Promise<Leaving> {
  const from = await bookable(world, world.clinic(0));
  const to = await addPractitioner(world, world.clinic(0));
  const booked: Json[] = [];
  for (const time of ["09:00", "10:00", "11:00"]) {
    const startsAt = `2027-03-22T${time}:00+01:00`;
    booked.push(await book(secretary, booking(from, { startsAt })));
  }
  await move(secretary, `/v1/appointments/${booked[1].id}`, "cancel");
  return { from, to, booked };
}

function reassign(
  from: string,
  practitionerId: string,
  more: object = {},
  client = secretary,
): Promise<Answer> {
  const path = `/v1/practitioners/${from}/reassign`;
  return client.post(path, { practitionerId, ...more });
}

async function whose(booked: readonly Json[]): Promise<string[]> {
  const answers = await Promise.all(
    booked.map(({ id }) => secretary.get(`/v1/appointments/${id}`)),
  );
  return answers.map(({ body }) => body.practitionerId);
}

Deno.test("reassign: all that somebody is expected for goes to somebody else at the same times; then they can leave", async () => {
  const { from, to, booked } = await leaving();
  const admin = await logIn(world, world.clinic(0));
  const path = `/v1/practitioners/${from.practitionerId}/archive`;
  const any = { "if-match": "*" };
  assertProblem(await admin.post(path, undefined, any), 409, "conflict");
  const answer = await reassign(from.practitionerId, to);
  equal(answer.status, 200, answer.text);
  deepEqual(answer.body, { moved: 2, left: 0 });
  deepEqual(await whose(booked), [to, from.practitionerId, to]);
  const { body } = await secretary.get(`/v1/appointments/${booked[0].id}`);
  deepEqual([body.startsAt, body.version], [booked[0].startsAt, 2]);
  equal((await admin.post(path, undefined, any)).status, 200);
  const events = await inClinic<Json>(
    world,
    world.clinic(0),
    sql`select changed_fields from audit_outbox
      where entity_id = ${booked[2].id} and action = 'appointment.change'`,
  );
  deepEqual(events, [{ changed_fields: ["practitionerId"] }]);
  deepEqual((await reassign(from.practitionerId, to)).body, {
    moved: 0,
    left: 0,
  });
});

Deno.test("reassign: when the other is taken once, nothing moves, and the conflict is named", async () => {
  const { from, to, booked } = await leaving();
  const taken = await book(
    secretary,
    booking(from, {
      practitionerId: to,
      startsAt: "2027-03-22T11:15:00+01:00",
    }),
  );
  const refused = await reassign(from.practitionerId, to);
  assertProblem(refused, 409, "booking-conflict");
  deepEqual(refused.body.conflicts, [
    { appointmentId: taken.id, practitionerId: to },
  ]);
  const { practitionerId } = from;
  deepEqual(await whose(booked), Array(3).fill(practitionerId));
});

Deno.test("reassign: where the other does not work, it needs to be said, by who may", async () => {
  const { from, to } = await leaving();
  await inClinic(
    world,
    world.clinic(0),
    sql`delete from availability_template_hours where practitioner_id = ${to}`,
  );
  const refused = await reassign(from.practitionerId, to);
  assertProblem(refused, 409, "outside-hours");
  const nurse = await logIn(world, world.clinic(0), "nurse");
  const outside = { outsideHours: true };
  assertProblem(
    await reassign(from.practitionerId, to, outside, nurse),
    403,
    "permission-denied",
  );
  const answer = await reassign(from.practitionerId, to, outside);
  equal(answer.body.moved, 2, answer.text);
});

Deno.test("reassign: nobody hands over to themselves or to somebody unknown; another clinic's practitioner is not there", async () => {
  const { from, to } = await leaving();
  const { practitionerId } = from;
  for (const other of [practitionerId, crypto.randomUUID()]) {
    const refused = await reassign(practitionerId, other);
    assertProblem(refused, 422, "invalid-request");
  }
  const stranger = await logIn(world, world.clinic(1), "secretary");
  assertProblem(
    await reassign(practitionerId, to, {}, stranger),
    404,
    "not-found",
  );
});
