import { deepEqual, equal } from "node:assert/strict";
import {
  addPatient,
  addPractitioner,
  addRoom,
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

async function idsIn(query: string): Promise<string[]> {
  const { status, text, body } = await admin.get(`/v1/appointments?${query}`);
  equal(status, 200, text);
  return body.data.map(({ id }: Json) => id);
}

Deno.test("calendar: it shows by practitioner, patient, room and state what takes time in its days", async () => {
  const clinic = world.clinic(0);
  const other = {
    ...lilas,
    practitionerId: await addPractitioner(world, clinic),
    patientId: await addPatient(world, clinic),
    roomId: await addRoom(world, clinic),
  };
  const startsAt = "2026-06-01T08:00:00Z";
  const mine = await book(admin, booking(lilas, { startsAt }));
  const resourceIds = [other.roomId];
  const theirs = await book(admin, booking(other, { startsAt, resourceIds }));
  const later = await book(
    admin,
    booking(lilas, { startsAt: "2026-06-02T08:00:00Z" }),
  );
  await move(admin, `/v1/appointments/${later.id}`, "confirm");
  const days = "from=2026-06-01&to=2026-06-02";
  deepEqual(await idsIn(days), [mine.id, theirs.id, later.id]);
  deepEqual(
    await idsIn(`${days}&sort=-startsAt`),
    [later.id, theirs.id, mine.id],
  );
  deepEqual(await idsIn("from=2026-06-02&to=2026-06-02"), [later.id]);
  for (
    const [filter, ids] of [
      [`practitionerId=${other.practitionerId}`, [theirs.id]],
      [`patientId=${lilas.patientId}`, [mine.id, later.id]],
      [`resourceId=${other.roomId}`, [theirs.id]],
      ["state=confirmed", [later.id]],
      [`state=confirmed&practitionerId=${other.practitionerId}`, []],
      [`patientId=${crypto.randomUUID()}`, []],
    ] as const
  ) {
    deepEqual(await idsIn(`${days}&${filter}`), ids, filter);
  }
});

Deno.test("calendar: days are those of the clinic's clocks, also the ones of 23 and 25 hours", async () => {
  const { practitionerId } = { practitionerId: await anybody() };
  const from = { ...lilas, practitionerId };
  const booked = new Map<string, string>();
  for (
    const startsAt of [
      "2026-03-28T23:30:00+01:00",
      "2026-03-29T00:00:00+01:00",
      "2026-03-29T23:30:00+02:00",
      "2026-03-30T00:00:00+02:00",
      "2026-10-24T23:30:00+02:00",
      "2026-10-25T00:00:00+02:00",
      "2026-10-25T02:30:00+02:00",
      "2026-10-25T02:30:00+01:00",
      "2026-10-25T23:30:00+01:00",
      "2026-10-26T00:00:00+01:00",
    ]
  ) {
    const members = booking(from, { startsAt, outsideHours: true });
    booked.set((await book(admin, members)).id, startsAt);
  }
  async function on(day: string): Promise<unknown[]> {
    const query = `from=${day}&to=${day}&practitionerId=${practitionerId}`;
    return (await idsIn(query)).map((id) => booked.get(id));
  }
  deepEqual(await on("2026-03-29"), [
    "2026-03-29T00:00:00+01:00",
    "2026-03-29T23:30:00+02:00",
  ]);
  deepEqual(await on("2026-10-25"), [
    "2026-10-25T00:00:00+02:00",
    "2026-10-25T02:30:00+02:00",
    "2026-10-25T02:30:00+01:00",
    "2026-10-25T23:30:00+01:00",
  ]);
});

Deno.test("calendar: an appointment over midnight is on both days, and on no third", async () => {
  const practitionerId = await anybody();
  const from = { ...lilas, practitionerId };
  const members = {
    startsAt: "2026-06-10T22:00:00+02:00",
    endsAt: "2026-06-11T22:00:00+02:00",
    outsideHours: true,
  };
  const { id } = await book(admin, booking(from, members));
  for (
    const [day, ids] of [
      ["2026-06-09", []],
      ["2026-06-10", [id]],
      ["2026-06-11", [id]],
      ["2026-06-12", []],
    ] as const
  ) {
    const query = `from=${day}&to=${day}&practitionerId=${practitionerId}`;
    deepEqual(await idsIn(query), ids, day);
  }
});

function anybody(): Promise<string> {
  return addPractitioner(world, world.clinic(0));
}

Deno.test("calendar: it reaches over 62 days and no more, and needs both ends", async () => {
  equal((await list("from=2026-01-01&to=2026-03-03")).status, 200);
  for (
    const [query, parameter] of [
      ["from=2026-01-01&to=2026-03-04", "to"],
      ["from=2026-01-02&to=2026-01-01", "to"],
      ["from=2026-01-01", "to"],
      ["to=2026-01-01", "from"],
      ["from=2026-02-29&to=2026-03-01", "from"],
      ["from=1999-12-31&to=2000-01-01", "from"],
      ["from=2026-01-01&to=2026-01-01&state=done", "state"],
      ["from=2026-01-01&to=2026-01-01&sort=patientId", "sort"],
    ]
  ) {
    const refused = await list(query!);
    assertProblem(refused, 422, "invalid-request");
    equal(refused.body.errors[0].parameter, parameter, query);
  }
});

function list(query: string): Promise<Answer> {
  return admin.get(`/v1/appointments?${query}`);
}

Deno.test("calendar: it is walked to its end, in both directions, without doubles or gaps", async () => {
  const practitionerId = await anybody();
  const from = { ...lilas, practitionerId, typeId: lilas.sharedTypeId };
  // Three at a time: the order then hangs on the id.
  await Promise.all(Array.from({ length: 14 }, (_, n) => {
    const startsAt = `2026-07-01T1${Math.floor(n / 3)}:00:00Z`;
    return book(admin, booking(from, { startsAt, outsideHours: true }));
  }));
  const days = `from=2026-07-01&to=2026-07-01&practitionerId=${practitionerId}`;
  for (const sort of ["startsAt", "-startsAt"]) {
    const seen: Json[] = [];
    let next: string | null = `/v1/appointments?${days}&limit=4&sort=${sort}`;
    while (next !== null) {
      const page: Answer = await admin.get(next);
      equal(page.status, 200, page.text);
      seen.push(...page.body.data);
      const link = page.headers.get("link");
      next = link && /^<(.+)>; rel="next"$/.exec(link)![1]!;
    }
    equal(new Set(seen.map(({ id }) => id)).size, 14);
    equal(seen.length, 14);
    const keys = seen.map(({ startsAt, id }) => `${startsAt} ${id}`);
    const sorted = keys.toSorted();
    deepEqual(keys, sort === "startsAt" ? sorted : sorted.reverse());
  }
  const page = await list(`${days}&limit=4`);
  const { nextCursor } = page.body.page;
  for (
    const query of [
      `from=2026-07-01&to=2026-07-02&practitionerId=${practitionerId}`,
      "from=2026-07-01&to=2026-07-01",
      `${days}&sort=-startsAt`,
    ]
  ) {
    const other = await list(`${query}&limit=4&cursor=${nextCursor}`);
    assertProblem(other, 400, "invalid-cursor");
  }
});

Deno.test("calendar: another clinic's appointments are not on it", async () => {
  const stranger = await logIn(world, world.clinic(1));
  const startsAt = "2026-08-03T08:00:00Z";
  const { id } = await book(admin, booking(lilas, { startsAt }));
  const days = "from=2026-08-03&to=2026-08-03";
  deepEqual(await idsIn(days), [id]);
  const theirs = await stranger.get(`/v1/appointments?${days}`);
  deepEqual(theirs.body.data, []);
  assertProblem(
    await stranger.get(`/v1/appointments/${id}`),
    404,
    "not-found",
  );
});
