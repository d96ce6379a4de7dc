import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { together } from "../../src/clinic/appointments/together.ts";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import {
  addPatient,
  addPractitioner,
  addRoom,
  book,
  type Bookable,
  bookable,
  booking,
} from "../support/appointments.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  type Json,
  logIn,
} from "../support/client.ts";
import { inCentral, inClinic, untilWaiting } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let admin: Client;
let lilas: Bookable;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  admin = await logIn(world, world.clinic(0));
  lilas = await bookable(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** The same clinic, with a practitioner whom nobody else has booked. */
async function atLeisure(): Promise<Bookable> {
  const practitionerId = await addPractitioner(world, world.clinic(0));
  return { ...lilas, practitionerId };
}

Deno.test("appointments: what was booked can be read at its Location, with the same ETag", async () => {
  const created = await admin.post(
    "/v1/appointments",
    booking(lilas, {
      startsAt: "2026-06-01T10:00:00+02:00",
      resourceIds: [lilas.roomId],
      note: "  TA < 120/80 > 70\nVient à jeun  ",
    }),
  );
  equal(created.status, 201, created.text);
  const { body } = created;
  equal(body.startsAt, "2026-06-01T08:00:00Z");
  equal(body.endsAt, "2026-06-01T08:30:00Z");
  equal(body.state, "scheduled");
  equal(body.note, "TA < 120/80 > 70\nVient à jeun");
  deepEqual(body.resourceIds, [lilas.roomId]);
  const read = await admin.get(created.headers.get("location")!);
  equal(read.status, 200);
  deepEqual(read.body, body);
  equal(read.headers.get("etag"), created.headers.get("etag"));
});

Deno.test("appointments: a repeated booking is one booking, and a refused one can be tried again with the same key", async () => {
  const from = await atLeisure();
  const wanted = booking(from, { startsAt: "2026-06-02T07:00:00Z" });
  const key = { "idempotency-key": crypto.randomUUID() };
  const first = await admin.post("/v1/appointments", wanted, key);
  const again = await admin.post("/v1/appointments", wanted, key);
  equal(first.status, 201, first.text);
  equal(again.status, 201, again.text);
  deepEqual(again.body, first.body);
  const other = { "idempotency-key": crypto.randomUUID() };
  const refused = await admin.post("/v1/appointments", wanted, other);
  assertProblem(refused, 409, "booking-conflict");
  const path = `/v1/appointments/${first.body.id}/cancel`;
  await admin.post(path, {}, { "if-match": "*" });
  equal((await admin.post("/v1/appointments", wanted, other)).status, 201);
});

Deno.test("appointments: note and reason are nowhere readable in the database, and come back to who may read them", async () => {
  const note = "Suivi après chimiothérapie";
  const reason = "Hospitalisée à Purpan";
  const { id } = await book(
    admin,
    booking(await atLeisure(), { startsAt: "2026-06-02T07:00:00Z", note }),
  );
  const cancelled = await admin.post(
    `/v1/appointments/${id}/cancel`,
    { reason },
    { "if-match": "*" },
  );
  equal(cancelled.body.cancellationReason, reason);
  equal(cancelled.body.note, note);
  const rows = await inClinic(
    world,
    world.clinic(0),
    sql`select a.*, encode(note_sealed, 'escape') as note,
        encode(cancellation_reason_sealed, 'escape') as reason
      from appointments as a where id = ${id}`,
  );
  const stored = JSON.stringify(rows);
  ok(stored.includes("\\\\"), "nothing is stored");
  ok(!stored.includes("chimio") && !stored.includes("Purpan"));
});

Deno.test("appointments: moved without an end it stays as long as it was; null removes, {} changes nothing", async () => {
  const from = await atLeisure();
  const made = await book(
    admin,
    booking(from, {
      startsAt: "2026-06-03T07:00:00Z",
      endsAt: "2026-06-03T07:45:00Z",
      note: "x",
      resourceIds: [lilas.roomId],
    }),
  );
  const path = `/v1/appointments/${made.id}`;
  const unchanged = await admin.patch(path, {}, '"1"');
  deepEqual(unchanged.body, made);
  const startsAt = "2026-06-04T10:00:00+02:00";
  const moved = await admin.patch(path, { startsAt, note: null }, '"1"');
  equal(moved.status, 200, moved.text);
  equal(moved.headers.get("etag"), '"2"');
  equal(moved.body.startsAt, "2026-06-04T08:00:00Z");
  equal(moved.body.endsAt, "2026-06-04T08:45:00Z");
  equal(moved.body.note, null);
  deepEqual(moved.body.resourceIds, [lilas.roomId]);
  const stale = await admin.patch(path, { startsAt }, '"1"');
  assertProblem(stale, 412, "precondition-failed");
  deepEqual((await admin.get(path)).body, moved.body);
});

Deno.test("appointments: an end before the beginning, or a day later, is refused and named", async () => {
  const startsAt = "2026-06-03T07:00:00Z";
  for (
    const endsAt of [
      startsAt,
      "2026-06-03T06:00:00Z",
      "2026-06-03T07:04:00Z",
      "2026-06-04T07:01:00Z",
    ]
  ) {
    const answer = await admin.post(
      "/v1/appointments",
      booking(lilas, { startsAt, endsAt, outsideHours: true }),
    );
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].pointer, "#/endsAt");
  }
});

Deno.test("appointments: instants that no calendar has are refused and named", async () => {
  for (
    const startsAt of [
      "1999-12-31T23:00:00Z",
      "2026-02-30T10:00:00Z",
      "2026-06-03T10:00:30Z",
      "2026-06-03T10:00:00",
      "2026-06-03T10:00:00+23:00",
      "9999999-01-01T00:00:00Z",
    ]
  ) {
    const answer = await admin.post(
      "/v1/appointments",
      booking(lilas, { startsAt }),
    );
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].pointer, "#/startsAt", startsAt);
  }
});

Deno.test("appointments: what is not here is refused and named, and another clinic's is not here", async () => {
  const theirs = await bookable(world, world.clinic(1));
  const startsAt = "2026-06-05T07:00:00Z";
  for (const member of ["patientId", "practitionerId", "typeId"] as const) {
    for (const id of [theirs[member], crypto.randomUUID()]) {
      const answer = await admin.post(
        "/v1/appointments",
        booking(lilas, { startsAt, [member]: id }),
      );
      assertProblem(answer, 422, "invalid-request");
      equal(answer.body.errors[0].pointer, `#/${member}`);
      ok(!answer.text.includes(id));
    }
  }
  const { body: own } = await admin.post(
    "/v1/appointments",
    booking(lilas, { startsAt: "2026-06-05T08:00:00Z" }),
  );
  for (const member of ["practitionerId", "typeId"] as const) {
    const path = `/v1/appointments/${own.id}`;
    const moved = await admin.patch(path, { [member]: theirs[member] }, "*");
    assertProblem(moved, 422, "invalid-request");
    equal(moved.body.errors[0].pointer, `#/${member}`);
  }
  const resourceIds = [theirs.roomId];
  const room = await admin.post(
    "/v1/appointments",
    booking(lilas, { startsAt, resourceIds }),
  );
  assertProblem(room, 422, "invalid-request");
  equal(room.body.errors[0].pointer, "#/resourceIds");
  const twice = await admin.post(
    "/v1/appointments",
    booking(lilas, { startsAt, resourceIds: [lilas.roomId, lilas.roomId] }),
  );
  assertProblem(twice, 422, "invalid-request");
});

Deno.test("appointments: who and what is out of use cannot be booked", async () => {
  const clinic = world.clinic(0);
  const startsAt = "2026-06-08T07:00:00Z";
  const patientId = await addPatient(world, clinic);
  const practitionerId = await addPractitioner(world, clinic);
  const roomId = await addRoom(world, clinic);
  const { typeId } = await bookable(world, clinic);
  const changes = [
    sql`update patients set archived_at = now() where id = ${patientId}`,
    sql`update practitioners set archived_at = now()
      where id = ${practitionerId}`,
    sql`update resources set active = false where id = ${roomId}`,
    sql`update appointment_types set active = false where id = ${typeId}`,
  ];
  for (const change of changes) await inClinic(world, clinic, change);
  for (
    const [members, detail] of [
      [{ patientId }, "The patient's file is archived"],
      [{ practitionerId }, "The practitioner is archived"],
      [{ resourceIds: [roomId] }, "A room or machine is out of use"],
      [{ typeId }, "The type of appointment is out of use"],
    ] as const
  ) {
    const answer = await admin.post(
      "/v1/appointments",
      booking(lilas, { startsAt, ...members }),
    );
    assertProblem(answer, 409, "conflict");
    equal(answer.body.detail, detail);
  }
});

Deno.test("appointments: a booking waits for who is archiving its patient, and is then refused", async () => {
  const clinic = world.clinic(0);
  const patientId = await addPatient(world, clinic);
  const wanted = booking(await atLeisure(), {
    patientId,
    startsAt: "2026-06-08T07:00:00Z",
  });
  const login = workerLogin(world.stack);
  await withDatabase(login, clinic.database, async (connection) => {
    await connection.rows(sql`set role cloison_owner`);
    let answer: Promise<Answer> | undefined;
    await connection.transaction("read write", async (run) => {
      await run.rows(sql`update patients set archived_at = now()
        where id = ${patientId}`);
      answer = admin.post("/v1/appointments", wanted);
      await untilWaiting(run);
    });
    assertProblem(await answer!, 409, "conflict");
  });
});

Deno.test("appointments: of statements that were sent together, the first one that failed is what is told", async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  const outcome = together([
    Promise.resolve(1),
    promise,
    Promise.reject(new Error("aborted")),
  ]);
  queueMicrotask(() => reject(new Error("the reason")));
  await rejects(outcome, { message: "the reason" });
  deepEqual(await together([Promise.resolve(1), Promise.resolve("a")]), [
    1,
    "a",
  ]);
});

Deno.test("appointments: reading one is reading a patient's data, and stands on the trail with the patient", async () => {
  const { id, patientId } = await book(
    admin,
    booking(await atLeisure(), { startsAt: "2026-06-09T07:00:00Z" }),
  );
  const day = "from=2026-06-09&to=2026-06-09";
  for (
    const [path, expected] of [
      [`/v1/appointments/${id}`, ["appointment.view", id, patientId]],
      [`/v1/appointments?${day}`, ["appointment.list", null, null]],
      [
        `/v1/appointments?${day}&patientId=${patientId}`,
        ["appointment.list", null, patientId],
      ],
    ] as const
  ) {
    const answer = await admin.get(path);
    equal(answer.status, 200, answer.text);
    const lines = await inCentral<Record<string, unknown>>(
      world,
      sql`select action, entity_id, patient_id from audit_log
        where request_id = ${answer.headers.get("x-request-id")}`,
    );
    deepEqual(lines.map((line) => Object.values(line)), [expected]);
  }
});

Deno.test("appointments: every change leaves its event, with names of fields and no value", async () => {
  const from = await atLeisure();
  const startsAt = "2026-06-09T07:00:00Z";
  const made = await book(admin, booking(from, { startsAt, note: "Purpan" }));
  const path = `/v1/appointments/${made.id}`;
  await admin.patch(path, { startsAt: "2026-06-09T08:00:00Z" }, '"1"');
  for (const action of ["confirm", "start", "complete"]) {
    await admin.post(`${path}/${action}`, undefined, { "if-match": "*" });
  }
  const events = await inClinic<Record<string, unknown>>(
    world,
    world.clinic(0),
    sql`select action, patient_id, changed_fields from audit_outbox
      where entity_id = ${made.id} order by at, id`,
  );
  deepEqual(events.map(({ action }) => action), [
    "appointment.book",
    "appointment.change",
    "appointment.confirm",
    "appointment.start",
    "appointment.complete",
  ]);
  ok(events.every((each) => each.patient_id === made.patientId));
  deepEqual(events[1]!.changed_fields, ["startsAt"]);
  ok(!JSON.stringify(events).includes("Purpan"));
});

Deno.test("appointments: a practitioner who is expected cannot be archived", async () => {
  const from = await atLeisure();
  const { id } = await book(
    admin,
    booking(from, { startsAt: "2098-06-09T07:00:00Z" }),
  );
  const path = `/v1/practitioners/${from.practitionerId}/archive`;
  const ifMatch = { "if-match": "*" };
  const refused = await admin.post(path, undefined, ifMatch);
  assertProblem(refused, 409, "conflict");
  match(refused.body.detail, /has 1 appointments to come/);
  await admin.post(`/v1/appointments/${id}/cancel`, {}, ifMatch);
  const archived = await admin.post(path, undefined, ifMatch);
  equal(archived.status, 200, archived.text);
});

Deno.test("appointments: the account of a practitioner who is expected cannot be removed", async () => {
  const from = await atLeisure();
  const members = (await admin.get("/v1/staff?limit=100")).body.data;
  const member = members.find(({ role }: Json) => role === "nurse");
  const practitioner = `/v1/practitioners/${from.practitionerId}`;
  const linked = await admin.patch(practitioner, { staffId: member.id }, "*");
  equal(linked.status, 200, linked.text);
  const { id } = await book(
    admin,
    booking(from, { startsAt: "2098-06-11T07:00:00Z" }),
  );
  const ifMatch = { headers: { "if-match": "*" } };
  const path = `/v1/staff/${member.id}`;
  const refused = await admin.send("DELETE", path, ifMatch);
  assertProblem(refused, 409, "conflict");
  await admin.post(`/v1/appointments/${id}/cancel`, {}, ifMatch.headers);
  equal((await admin.send("DELETE", path, ifMatch)).status, 204);
});

Deno.test("appointments: bookings and the departure of their practitioner never cross", async () => {
  const from = await atLeisure();
  const path = `/v1/practitioners/${from.practitionerId}/archive`;
  const booked = Array.from({ length: 12 }, (_, n) => {
    const hour = String(7 + Math.floor(n / 2)).padStart(2, "0");
    const startsAt = `2098-06-10T${hour}:${n % 2 ? "30" : "00"}:00Z`;
    return admin.post("/v1/appointments", booking(from, { startsAt }));
  });
  const archived = admin.post(path, undefined, { "if-match": "*" });
  const statuses = (await Promise.all(booked)).map(({ status }) => status);
  const left = (await archived).status;
  ok(statuses.every((each) => each === 201 || each === 409), `${statuses}`);
  equal(left === 200, !statuses.includes(201), `${left}: ${statuses}`);
});
