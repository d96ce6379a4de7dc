import { deepEqual, equal } from "node:assert/strict";
import type { Runner } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import {
  addPractitioner,
  addRoom,
  book,
  type Bookable,
  bookable,
  booking,
  heldBack,
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

let world: World;
let admin: Client;
let lilas: Bookable;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  admin = await logIn(world, world.clinic(0));
  lilas = await bookable(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function atLeisure(): Promise<Bookable> {
  return {
    ...lilas,
    practitionerId: await addPractitioner(world, world.clinic(0)),
    roomId: await addRoom(world, world.clinic(0)),
  };
}

function post(
  from: Bookable,
  times: readonly string[],
  members: object = {},
): Promise<Answer> {
  const { patientId, practitionerId, typeId } = from;
  const appointments = times.map((startsAt) => ({
    practitionerId,
    typeId,
    startsAt,
    resourceIds: [from.roomId],
    ...members,
  }));
  return admin.post("/v1/appointment-groups", { patientId, appointments });
}

async function series(
  from: Bookable,
  times: readonly string[],
): Promise<string> {
  const made = await post(from, times);
  equal(made.status, 201, made.text);
  return made.headers.get("location")!;
}

function startsOf(group: Json): string[] {
  return group.appointments.map(({ startsAt }: Json) => startsAt);
}

function act(path: string, action: string, body: object): Promise<Answer> {
  return admin.post(`${path}/${action}`, body, { "if-match": "*" });
}

const MONDAYS = [
  "2026-03-16T09:00:00+01:00",
  "2026-03-23T09:00:00+01:00",
  "2026-03-30T09:00:00+02:00",
];

Deno.test("groups: linked appointments are booked as one, and show which they are linked with", async () => {
  const from = await atLeisure();
  const made = await post(from, MONDAYS.toReversed(), { note: "Séance" });
  equal(made.status, 201, made.text);
  const { body } = made;
  deepEqual(startsOf(body), [
    "2026-03-16T08:00:00Z",
    "2026-03-23T08:00:00Z",
    "2026-03-30T07:00:00Z",
  ]);
  const read = await admin.get(made.headers.get("location")!);
  deepEqual(read.body, body);
  for (const each of body.appointments) {
    equal(each.groupId, body.id);
    equal(each.note, "Séance");
    deepEqual((await admin.get(`/v1/appointments/${each.id}`)).body, each);
  }
});

Deno.test("groups: if one of them cannot be booked, none is", async () => {
  const from = await atLeisure();
  const taken = await book(admin, booking(from, { startsAt: MONDAYS[2] }));
  const refused = await post(from, MONDAYS);
  assertProblem(refused, 409, "booking-conflict");
  deepEqual(refused.body.conflicts, [{
    appointmentId: taken.id,
    practitionerId: from.practitionerId,
  }]);
  const twice = await post(from, [MONDAYS[0]!, MONDAYS[0]!]);
  assertProblem(twice, 409, "booking-conflict");
  deepEqual(twice.body.conflicts, []);
  const closed = await post(from, [MONDAYS[0]!, "2026-03-21T09:00:00+01:00"]);
  assertProblem(closed, 409, "outside-hours");
  const typeId = crypto.randomUUID();
  assertProblem(await post(from, MONDAYS, { typeId }), 422, "invalid-request");
  const rows = await inClinic(
    world,
    world.clinic(0),
    sql`select from appointments where practitioner_id = ${from.practitionerId}`,
  );
  equal(rows.length, 1);
});

Deno.test("groups: a series is moved onto its own former times, and keeps its hour when the clocks change", async () => {
  const from = await atLeisure();
  const path = await series(from, MONDAYS);
  const moved = await act(path, "move", {
    startsAt: "2026-03-23T10:00:00+01:00",
  });
  equal(moved.status, 200, moved.text);
  deepEqual(startsOf(moved.body), [
    "2026-03-23T09:00:00Z",
    "2026-03-30T08:00:00Z",
    "2026-04-06T08:00:00Z",
  ]);
  const same = await act(path, "move", {
    startsAt: "2026-03-30T10:00:00+02:00",
  });
  equal(same.status, 200, same.text);
  deepEqual(startsOf(same.body)[0], "2026-03-30T08:00:00Z");
  deepEqual((await admin.get(path)).body, same.body);
});

Deno.test("groups: if one of them cannot be moved, all stay", async () => {
  const from = await atLeisure();
  const other = await atLeisure();
  const path = await series(from, MONDAYS);
  const before = (await admin.get(path)).body;
  const taken = await book(
    admin,
    booking(other, {
      startsAt: "2026-03-31T09:15:00+02:00",
      resourceIds: [from.roomId],
    }),
  );
  const refused = await act(path, "move", {
    startsAt: "2026-03-17T09:00:00+01:00",
  });
  assertProblem(refused, 409, "booking-conflict");
  deepEqual(refused.body.conflicts, [{
    appointmentId: taken.id,
    resourceId: from.roomId,
  }]);
  const sunday = { startsAt: "2026-03-15T09:00:00+01:00" };
  assertProblem(await act(path, "move", sunday), 409, "outside-hours");
  const far = { startsAt: "2099-12-31T09:00:00+01:00", outsideHours: true };
  assertProblem(await act(path, "move", far), 422, "invalid-request");
  deepEqual((await admin.get(path)).body, before);
});

Deno.test("groups: cancelled as one, what is done stays done, and the time is free", async () => {
  const from = await atLeisure();
  const path = await series(from, MONDAYS);
  const { appointments } = (await admin.get(path)).body;
  const first = `/v1/appointments/${appointments[0].id}`;
  await move(admin, first, "start");
  await move(admin, first, "complete");
  const cancelled = await act(path, "cancel", { reason: "Déménage" });
  equal(cancelled.status, 200, cancelled.text);
  deepEqual(
    cancelled.body.appointments.map((each: Json) => [
      each.state,
      each.cancellationReason,
    ]),
    [["completed", null], ["cancelled", "Déménage"], ["cancelled", "Déménage"]],
  );
  assertProblem(await act(path, "cancel", {}), 409, "conflict");
  const startsAt = "2026-04-13T09:00:00+02:00";
  assertProblem(await act(path, "move", { startsAt }), 409, "conflict");
  await series(from, MONDAYS.slice(1));
  const events = await inClinic<{ action: string }>(
    world,
    world.clinic(0),
    sql`select action from audit_outbox
      where entity_id = ${appointments[2].id} order by at, id`,
  );
  deepEqual(events.map(({ action }) => action), [
    "appointment.book",
    "appointment.cancel",
  ]);
});

Deno.test("groups: a change of one of them is a change of the group", async () => {
  const from = await atLeisure();
  const path = await series(from, MONDAYS);
  const read = await admin.get(path);
  equal(read.headers.get("etag"), '"1"');
  const [first] = read.body.appointments;
  await move(admin, `/v1/appointments/${first.id}`, "confirm");
  const stale = await admin.post(`${path}/cancel`, {}, { "if-match": '"1"' });
  assertProblem(stale, 412, "precondition-failed");
  equal((await admin.get(path)).headers.get("etag"), '"2"');
});

Deno.test("groups: what is done to a group and to one of its appointments at once never crosses", async () => {
  const from = await atLeisure();
  const path = await series(from, MONDAYS);
  const { appointments } = (await admin.get(path)).body;
  const answers = await Promise.all([
    act(path, "move", { startsAt: "2026-03-17T09:00:00+01:00" }),
    ...appointments.map(({ id }: Json) =>
      move(admin, `/v1/appointments/${id}`, "confirm")
    ),
    act(path, "cancel", {}),
    ...appointments.map(({ id }: Json) =>
      admin.patch(`/v1/appointments/${id}`, { note: "x" }, "*")
    ),
  ]);
  const statuses = answers.map(({ status }) => status);
  equal(statuses.every((each) => each < 500), true, `${statuses}`);
  const { body } = await admin.get(path);
  const states = body.appointments.map(({ state }: Json) => state);
  deepEqual(states, ["cancelled", "cancelled", "cancelled"]);
});

Deno.test("groups: two that want each other's practitioners at once do not block each other", async () => {
  const [one, other] = [await atLeisure(), await atLeisure()];
  const { patientId, typeId } = lilas;
  const startsAt = "2026-06-01T08:00:00Z";
  const appointments = [one, other].map(({ practitionerId }) => ({
    practitionerId,
    typeId,
    startsAt,
  }));
  function insert(run: Runner, { practitionerId }: Bookable) {
    return run.rows(sql`
      insert into appointments (id, patient_id, practitioner_id, type_id,
        period, changed_by)
      select gen_random_uuid(), ${patientId}, ${practitionerId}, ${typeId},
        tstzrange(${startsAt}::timestamptz,
          ${startsAt}::timestamptz + interval '1 hour'), id
      from staff limit 1`);
  }
  const answer = await heldBack(
    world,
    world.clinic(0),
    () => admin.post("/v1/appointment-groups", { patientId, appointments }),
    // What the request wants second, then what it wants first.
    async (run) => {
      await insert(run, other);
      await insert(run, one);
    },
  );
  assertProblem(answer, 409, "booking-conflict");
  equal(answer.body.conflicts.length, 2);
});
