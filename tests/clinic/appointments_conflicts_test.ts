import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { DatabaseError } from "../../src/db/errors.ts";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import {
  addPractitioner,
  addRoom,
  book,
  type Bookable,
  bookable,
  booking,
  move,
} from "../support/appointments.ts";
import { assertProblem, type Client, logIn } from "../support/client.ts";
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

const startsAt = "2026-06-02T08:00:00Z";

/** The same clinic, with a practitioner and a room that nobody else has booked. */
async function atLeisure(): Promise<Bookable> {
  return {
    ...lilas,
    practitionerId: await addPractitioner(world, world.clinic(0)),
    roomId: await addRoom(world, world.clinic(0)),
  };
}

Deno.test("conflicts: of 50 who book one slot at once, one gets it and 49 are told who has it", async () => {
  const wanted = booking(lilas, { startsAt });
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => admin.post("/v1/appointments", wanted)),
  );
  const [won, ...others] = answers.toSorted((a, b) => a.status - b.status);
  equal(won!.status, 201, won!.text);
  equal(others.length, 49);
  for (const answer of others) {
    assertProblem(answer, 409, "booking-conflict");
    deepEqual(answer.body.conflicts, [{
      appointmentId: won!.body.id,
      practitionerId: lilas.practitionerId,
    }]);
    ok(!answer.text.includes(lilas.patientId));
  }
});

Deno.test("conflicts: one appointment may begin when another ends", async () => {
  const from = await atLeisure();
  await book(admin, booking(from, { startsAt }));
  await book(admin, booking(from, { startsAt: "2026-06-02T08:30:00Z" }));
  const between = booking(from, { startsAt: "2026-06-02T08:15:00Z" });
  const answer = await admin.post("/v1/appointments", between);
  assertProblem(answer, 409, "booking-conflict");
  equal(answer.body.conflicts.length, 2);
});

Deno.test("conflicts: a room serves one appointment at a time, whoever the practitioner is", async () => {
  const one = await atLeisure();
  const other = { ...await atLeisure(), roomId: one.roomId };
  const resourceIds = [one.roomId];
  const first = await book(admin, booking(one, { startsAt, resourceIds }));
  const second = booking(other, { startsAt, resourceIds });
  const refused = await admin.post("/v1/appointments", second);
  assertProblem(refused, 409, "booking-conflict");
  deepEqual(refused.body.conflicts, [{
    appointmentId: first.id,
    resourceId: one.roomId,
  }]);
  await book(admin, booking(other, { startsAt }));
});

Deno.test("conflicts: appointments of overlappable types share a practitioner with all, and a room with each other", async () => {
  const from = await atLeisure();
  const typeId = from.sharedTypeId;
  const resourceIds = [from.roomId];
  await book(admin, booking(from, { startsAt }));
  const group = await book(
    admin,
    booking(from, { startsAt, typeId, resourceIds }),
  );
  equal(group.overlappable, true);
  await book(admin, booking(from, { startsAt, typeId, resourceIds }));
  const alone = booking(await atLeisure(), { startsAt, resourceIds });
  const refused = await admin.post("/v1/appointments", alone);
  assertProblem(refused, 409, "booking-conflict");
  equal(refused.body.conflicts.length, 2);
});

Deno.test("conflicts: what was cancelled or missed gives its practitioner and its room back", async () => {
  const from = await atLeisure();
  const wanted = booking(from, { startsAt, resourceIds: [from.roomId] });
  for (const action of ["cancel", "no-show", "cancel"]) {
    const { id } = await book(admin, wanted);
    const answer = await move(admin, `/v1/appointments/${id}`, action);
    equal(answer.status, 200, answer.text);
  }
  await book(admin, wanted);
});

Deno.test("conflicts: moved to a time at which its room is taken, it can take another room with it", async () => {
  const [one, other] = [await atLeisure(), await atLeisure()];
  const later = "2026-06-02T09:00:00Z";
  const made = await book(
    admin,
    booking(one, { startsAt, resourceIds: [one.roomId] }),
  );
  const first = await book(
    admin,
    booking(other, { startsAt: later, resourceIds: [one.roomId] }),
  );
  const path = `/v1/appointments/${made.id}`;
  const refused = await admin.patch(path, { startsAt: later }, "*");
  assertProblem(refused, 409, "booking-conflict");
  deepEqual(refused.body.conflicts, [{
    appointmentId: first.id,
    resourceId: one.roomId,
  }]);
  deepEqual((await admin.get(path)).body, made);
  const resourceIds = [other.roomId];
  const moved = await admin.patch(path, { startsAt: later, resourceIds }, "*");
  equal(moved.status, 200, moved.text);
  deepEqual(moved.body.resourceIds, resourceIds);
});

Deno.test("conflicts: an appointment is never in its own way", async () => {
  const from = await atLeisure();
  const wanted = booking(from, { startsAt, resourceIds: [from.roomId] });
  const { id } = await book(admin, wanted);
  const next = await book(
    admin,
    booking(from, { startsAt: "2026-06-02T08:45:00Z" }),
  );
  const path = `/v1/appointments/${id}`;
  const later = { startsAt: "2026-06-02T08:15:00Z" };
  equal((await admin.patch(path, later, "*")).status, 200);
  const tooLate = { startsAt: "2026-06-02T08:30:00Z" };
  const refused = await admin.patch(path, tooLate, "*");
  assertProblem(refused, 409, "booking-conflict");
  deepEqual(refused.body.conflicts, [{
    appointmentId: next.id,
    practitionerId: from.practitionerId,
  }]);
});

Deno.test("conflicts: another type can take the right to overlap away", async () => {
  const from = await atLeisure();
  await book(admin, booking(from, { startsAt }));
  const { id } = await book(
    admin,
    booking(from, { startsAt, typeId: from.sharedTypeId }),
  );
  const path = `/v1/appointments/${id}`;
  const refused = await admin.patch(path, { typeId: from.typeId }, "*");
  assertProblem(refused, 409, "booking-conflict");
});

Deno.test("conflicts: no code path gets round the database", async () => {
  const clinic = world.clinic(0);
  const from = await atLeisure();
  const [{ id: staffId }] = await inClinic<{ id: string }>(
    world,
    clinic,
    sql`select id from staff limit 1`,
  ) as [{ id: string }];
  function insert(period: string): Promise<unknown> {
    return inClinic(
      world,
      clinic,
      sql`insert into appointments (id, patient_id, practitioner_id, type_id,
          period, changed_by)
        values (${uuidv7()}, ${from.patientId}, ${from.practitionerId},
          ${from.typeId}, ${period}, ${staffId})`,
    );
  }
  await insert("[2026-06-02 08:00Z,2026-06-02 09:00Z)");
  for (
    const [period, constraint] of [
      [
        "[2026-06-02 08:59Z,2026-06-02 09:30Z)",
        "appointments_practitioner_excl",
      ],
      ["[2026-06-02 09:00Z,2026-06-02 09:30Z]", "appointments_period_check"],
      ["[2026-06-02 09:00Z,)", "appointments_outside_hours"],
      ["[2026-06-06 09:00Z,2026-06-06 09:30Z)", "appointments_outside_hours"],
    ] as const
  ) {
    await rejects(insert(period), (error) => {
      ok(error instanceof DatabaseError);
      equal(error.constraint, constraint, period);
      return true;
    });
  }
});

interface Operation {
  readonly kind: "book" | "move" | "cancel";
  readonly who: number;
  readonly room: number | undefined;
  readonly shared: boolean;
  /** Quarters of an hour after 9 o'clock. */
  readonly quarter: number;
  readonly length: number;
  readonly target: number;
}

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom("book", "book", "move", "cancel"),
  who: fc.nat(2),
  room: fc.option(fc.nat(1), { nil: undefined }),
  shared: fc.boolean(),
  quarter: fc.nat(31),
  length: fc.integer({ min: 1, max: 4 }),
  target: fc.nat(1000),
});

Deno.test("conflicts: whatever is booked, moved and cancelled at the same time, nothing ever overlaps", async () => {
  let booked = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 60, maxLength: 90 }),
      async (operations) => {
        const made = await runAtOnce(operations);
        booked += made;
        deepEqual(await overlaps(), []);
      },
    ),
    { numRuns: 4, endOnFailure: true },
  );
  ok(booked > 20, `only ${booked} were booked`);
});

/** @returns how many were booked */
async function runAtOnce(operations: readonly Operation[]): Promise<number> {
  const who = await Promise.all([atLeisure(), atLeisure(), atLeisure()]);
  const made: string[] = [];
  for (let at = 0; at < operations.length; at += 15) {
    const answers = await Promise.all(
      operations.slice(at, at + 15).map(perform),
    );
    for (const answer of answers) {
      if (answer?.status === 201) made.push(answer.body.id);
      const status = answer?.status ?? 200;
      ok([200, 201, 409, 412].includes(status), answer?.text);
    }
  }
  return made.length;

  async function perform(each: Operation) {
    const from = who[each.who]!;
    const start = Date.UTC(2026, 5, 2, 7, each.quarter * 15);
    const times = {
      startsAt: new Date(start).toISOString(),
      endsAt: new Date(start + each.length * 900_000).toISOString(),
      outsideHours: true,
    };
    const resourceIds = each.room === undefined ? [] : [who[each.room]!.roomId];
    const typeId = each.shared ? from.sharedTypeId : from.typeId;
    const path = `/v1/appointments/${made[each.target % made.length]}`;
    if (each.kind === "book" || made.length === 0) {
      return await admin.post(
        "/v1/appointments",
        booking(from, { ...times, resourceIds, typeId }),
      );
    }
    return each.kind === "cancel"
      ? await move(admin, path, "cancel")
      : await admin.patch(path, { ...times, resourceIds }, "*");
  }
}

/** Looked for without the constraints' help. */
function overlaps(): Promise<unknown[]> {
  return inClinic(
    world,
    world.clinic(0),
    sql`with taken as (
        select a.*, t.overlappable as shared from appointments as a
        join appointment_types as t on t.id = a.type_id
        where state not in ('cancelled', 'no_show')
      )
      select a.id, b.id as other from taken as a join taken as b
        on a.id < b.id and a.period && b.period
      where (a.practitioner_id = b.practitioner_id
          and not a.shared and not b.shared)
        or (not (a.shared and b.shared) and exists (
          select from appointment_resources as r
          join appointment_resources as s on s.resource_id = r.resource_id
          where r.appointment_id = a.id and s.appointment_id = b.id))`,
  );
}
