import { deepEqual, equal, rejects } from "node:assert/strict";
import { TRANSITIONS } from "../../src/clinic/appointments/rules.ts";
import {
  APPOINTMENT_STATES,
  type AppointmentState,
} from "../../src/clinic/appointments/schemas.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { sql } from "../../src/db/sql.ts";
import {
  book,
  type Bookable,
  bookable,
  booking,
  heldBack,
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

const ACTIONS = {
  confirmed: "confirm",
  in_progress: "start",
  completed: "complete",
  cancelled: "cancel",
  no_show: "no-show",
} as const;

/** How an appointment gets into a state. */
const WAYS: Readonly<
  Record<AppointmentState, readonly (keyof typeof ACTIONS)[]>
> = {
  scheduled: [],
  confirmed: ["confirmed"],
  in_progress: ["in_progress"],
  completed: ["confirmed", "completed"],
  cancelled: ["cancelled"],
  no_show: ["no_show"],
};

/** Its practitioner can have any number at the same time. */
async function inState(state: AppointmentState): Promise<string> {
  const { id } = await book(
    admin,
    booking(lilas, {
      startsAt: "2026-06-01T08:00:00Z",
      typeId: lilas.sharedTypeId,
    }),
  );
  const path = `/v1/appointments/${id}`;
  for (const step of WAYS[state]) {
    const answer = await move(admin, path, ACTIONS[step]);
    equal(answer.status, 200, answer.text);
  }
  return path;
}

for (const from of APPOINTMENT_STATES) {
  Deno.test(`states: ${from} becomes ${TRANSITIONS[from].join(", ") || "nothing"}, and nothing else`, async () => {
    for (const [to, action] of Object.entries(ACTIONS)) {
      const path = await inState(from);
      const before = (await admin.get(path)).body;
      const answer = await move(admin, path, action);
      if (TRANSITIONS[from].includes(to as AppointmentState)) {
        equal(answer.status, 200, answer.text);
        equal(answer.body.state, to);
        equal(answer.body.version, before.version + 1);
        deepEqual(answer.body, (await admin.get(path)).body);
      } else {
        assertProblem(answer, 409, "invalid-transition");
        equal(answer.body.state, from);
        deepEqual(answer.body.allowed, TRANSITIONS[from]);
        deepEqual((await admin.get(path)).body, before);
      }
    }
  });
}

Deno.test("states: the database has the same table, and holds to it", async () => {
  const clinic = world.clinic(0);
  for (const from of APPOINTMENT_STATES) {
    const id = (await inState(from)).split("/").at(-1)!;
    const [row] = await inClinic<{ next: string[] }>(
      world,
      clinic,
      sql`select appointment_next_states(state) as next from appointments
        where id = ${id}`,
    );
    deepEqual(row?.next, TRANSITIONS[from]);
    for (const to of APPOINTMENT_STATES) {
      if (to === from || TRANSITIONS[from].includes(to)) continue;
      const change = inClinic(
        world,
        clinic,
        sql`update appointments set state = ${to} where id = ${id}`,
      );
      await rejects(change, (error) => {
        equal((error as DatabaseError).constraint, "appointments_transition");
        return true;
      }, `${from} to ${to}`);
    }
  }
});

Deno.test("states: who put it into which state, and when, cannot be rewritten", async () => {
  const clinic = world.clinic(0);
  const path = await inState("scheduled");
  const nurse = await logIn(world, clinic, "nurse");
  const confirmed = await move(nurse, path, "confirm");
  equal(confirmed.status, 200, confirmed.text);
  const { body } = await move(admin, path, "start");
  const states = body.transitions.map((each: { state: string }) => each.state);
  deepEqual(states, ["scheduled", "confirmed", "in_progress"]);
  const [booked, second, third] = body.transitions;
  equal(booked.staffId, third.staffId);
  equal(second.staffId === third.staffId, false);
  equal(Date.parse(second.at), Date.parse(confirmed.body.updatedAt));
  for (
    const statement of [
      sql`update appointment_transitions set at = now()`,
      sql`delete from appointment_transitions`,
      sql`truncate appointment_transitions`,
    ]
  ) {
    await rejects(inClinic(world, clinic, statement), DatabaseError);
  }
});

Deno.test("states: what was changed between the reading and the writing of a request is not overwritten", async () => {
  const path = await inState("scheduled");
  const answer = await heldBack(
    world,
    world.clinic(0),
    () => admin.patch(path, { note: "x" }, '"1"'),
    (run) =>
      run.rows(sql`update appointments set state = 'confirmed'
        where id = ${path.split("/").at(-1)}`),
  );
  assertProblem(answer, 412, "precondition-failed");
  const { body } = await admin.get(path);
  equal(body.version, 2);
  equal(body.note, null);
});

Deno.test("states: what has begun or ended stays where it is, and its note can still be written", async () => {
  for (const state of ["in_progress", "completed", "cancelled"] as const) {
    const path = await inState(state);
    for (
      const change of [
        { startsAt: "2026-06-01T09:00:00Z" },
        { typeId: lilas.typeId },
        { resourceIds: [lilas.roomId] },
      ]
    ) {
      const refused = await admin.patch(path, change, "*");
      assertProblem(refused, 409, "conflict");
    }
    const written = await admin.patch(path, { note: "Bien allé" }, "*");
    equal(written.status, 200, written.text);
    equal(written.body.note, "Bien allé");
  }
});
