import { deepEqual, equal } from "node:assert/strict";
import {
  assertProblem,
  type Client,
  type Json,
  logIn,
} from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";
import {
  addPractitioner,
  allSlots,
  bookings,
  changeSettings,
  everyDay,
  hours,
  inClinic,
  put,
  weekOf,
} from "../support/practice.ts";

let world: World;
let admin: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  admin = await logIn(world, world.clinic(0));
  await changeSettings(admin, {
    openingHours: everyDay("00:00-24:00"),
    slotStepMinutes: 30,
  });
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** When the slots of a practitioner begin, in UTC, without the seconds. */
async function starts(
  id: string,
  query: string,
  client = admin,
): Promise<string[]> {
  const path = `/v1/practitioners/${id}/slots?${query}`;
  const slots = await allSlots(client, path, 5);
  return slots.map(({ startsAt }) => startsAt.slice(0, 16));
}

Deno.test("slots: they lie in the hours of the weekday, as the clocks of the clinic show them", async () => {
  const id = await addPractitioner(
    admin,
    weekOf({ monday: hours("09:00-10:30", "14:00-14:30") }),
  );
  deepEqual(await starts(id, "from=2027-01-04&to=2027-01-10"), [
    "2027-01-04T08:00",
    "2027-01-04T08:30",
    "2027-01-04T09:00",
    "2027-01-04T13:00",
  ]);
  // In summer the same hours are an hour earlier in UTC.
  deepEqual(await starts(id, "from=2027-07-05&to=2027-07-05&duration=60"), [
    "2027-07-05T07:00",
    "2027-07-05T07:30",
  ]);
});

Deno.test("slots: the hour that clocks skip has none", async () => {
  const id = await addPractitioner(admin, everyDay("01:00-04:00"));
  deepEqual(await starts(id, "from=2027-03-28&to=2027-03-28"), [
    "2027-03-28T00:00",
    "2027-03-28T00:30",
    "2027-03-28T01:00",
    "2027-03-28T01:30",
  ]);
  const skipped = await addPractitioner(admin, everyDay("02:00-03:00"));
  deepEqual(await starts(skipped, "from=2027-03-28&to=2027-03-28"), []);
  const begun = await addPractitioner(admin, everyDay("02:30-03:30"));
  deepEqual(await starts(begun, "from=2027-03-28&to=2027-03-28"), [
    "2027-03-28T01:00",
  ]);
});

Deno.test("slots: the hour that clocks repeat has them twice", async () => {
  const id = await addPractitioner(admin, everyDay("01:00-04:00"));
  deepEqual(await starts(id, "from=2026-10-25&to=2026-10-25"), [
    "2026-10-24T23:00",
    "2026-10-24T23:30",
    "2026-10-25T00:00",
    "2026-10-25T00:30",
    "2026-10-25T01:00",
    "2026-10-25T01:30",
    "2026-10-25T02:00",
    "2026-10-25T02:30",
  ]);
  const half = await addPractitioner(admin, everyDay("02:30-03:00"));
  deepEqual(await starts(half, "from=2026-10-25&to=2026-10-25"), [
    "2026-10-25T00:30",
    "2026-10-25T01:30",
  ]);
  // Not long enough: between the two times half past two is the hour from three.
  deepEqual(
    await starts(half, "from=2026-10-25&to=2026-10-25&duration=60"),
    [],
  );
});

Deno.test("slots: an appointment takes its time, unless it was cancelled or missed", async () => {
  const id = await addPractitioner(admin, everyDay("09:00-12:00"));
  const book = await bookings(world, world.clinic(0));
  await inClinic(
    world,
    world.clinic(0),
    book(id, "2027-01-04T08:15Z", "2027-01-04T08:45Z", "confirmed"),
    book(id, "2027-01-04T09:30Z", "2027-01-04T10:00Z", "completed"),
    book(id, "2027-01-04T10:00Z", "2027-01-04T10:30Z", "cancelled"),
    book(id, "2027-01-04T10:30Z", "2027-01-04T11:00Z", "no_show"),
  );
  deepEqual(await starts(id, "from=2027-01-04&to=2027-01-04"), [
    "2027-01-04T09:00",
    "2027-01-04T10:00",
    "2027-01-04T10:30",
  ]);
});

Deno.test("slots: with anybody, they come in order of time, and of practitioners", async () => {
  const client = await logIn(world, world.clinic(1));
  await changeSettings(client, { slotStepMinutes: 60 });
  const one = await addPractitioner(
    client,
    weekOf({ monday: hours("09:00-11:00") }),
  );
  const two = await addPractitioner(
    client,
    weekOf({ monday: hours("10:00-12:00") }),
  );
  const slots = await allSlots(
    client,
    "/v1/slots?from=2027-01-04&to=2027-01-10",
    1,
  );
  deepEqual(
    slots.map(({ practitionerId, startsAt, endsAt }) => [
      practitionerId,
      startsAt.slice(0, 16),
      endsAt.slice(11, 16),
    ]),
    [
      [one, "2027-01-04T08:00", "08:30"],
      [one, "2027-01-04T09:00", "09:30"],
      [two, "2027-01-04T09:00", "09:30"],
      [two, "2027-01-04T10:00", "10:30"],
    ],
  );
});

Deno.test("slots: a range has at most 62 days", async () => {
  const at = (query: string) => admin.get(`/v1/slots?${query}`);
  equal((await at("from=2027-01-01&to=2027-03-03")).status, 200);
  const cases: [string, string][] = [
    ["from=2027-01-01&to=2027-03-04", "range-too-long"],
    ["from=2027-01-02&to=2027-01-01", "before-from"],
    ["from=2000-01-01&to=2199-12-31", "range-too-long"],
  ];
  for (const [query, code] of cases) {
    const answer = await at(query);
    assertProblem(answer, 422, "invalid-request");
    deepEqual(answer.body.errors.map((each: { code: string }) => each.code), [
      code,
    ]);
  }
});

Deno.test("slots: a week of its own and closed days count, and who is archived has none", async () => {
  const id = await addPractitioner(
    admin,
    weekOf({ monday: hours("09:00-10:00"), tuesday: hours("09:00-10:00") }),
  );
  const query = "from=2028-05-01&to=2028-05-14";
  const week = await put(admin, `/v1/practitioners/${id}/weeks/2028-W19`, {
    hours: weekOf({ sunday: hours("08:00-08:30") }),
  });
  equal(week.status, 200, week.text);
  const closed = await admin.post("/v1/clinic/closed-days", {
    firstDay: "2028-05-01",
    lastDay: "2028-05-01",
    reason: "Fête du Travail",
  });
  equal(closed.status, 201, closed.text);
  deepEqual(await starts(id, query), [
    "2028-05-02T07:00",
    "2028-05-02T07:30",
    "2028-05-14T06:00",
  ]);
  const headers = { "if-match": "*" };
  const path = `/v1/practitioners/${id}/archive`;
  equal((await admin.post(path, undefined, headers)).status, 200);
  deepEqual(await starts(id, query), []);
});

Deno.test("slots: what is to be booked says how long they are, and what stands in the way", async () => {
  const id = await addPractitioner(
    admin,
    weekOf({ monday: hours("09:00-10:30") }),
  );
  const book = await bookings(world, world.clinic(0));
  await inClinic(
    world,
    world.clinic(0),
    book(id, "2027-02-01T08:00Z", "2027-02-01T08:30Z"),
  );
  async function typeOf(members: Json): Promise<string> {
    const { status, body, text } = await admin.post("/v1/appointment-types", {
      name: "Peeling",
      durationMinutes: 60,
      ...members,
    });
    equal(status, 201, text);
    return body.id;
  }
  const at = async (type: string) =>
    await starts(id, `from=2027-02-01&to=2027-02-01&appointmentTypeId=${type}`);
  deepEqual(await at(await typeOf({})), ["2027-02-01T08:30"]);
  deepEqual(await at(await typeOf({ overlappable: true })), [
    "2027-02-01T08:00",
    "2027-02-01T08:30",
  ]);
  const inactive = await typeOf({ active: false });
  const path = `/v1/practitioners/${id}/slots?from=2027-02-01&to=2027-02-01`;
  const cases: [string, string, string][] = [
    [
      `&appointmentTypeId=${inactive}`,
      "appointmentTypeId",
      "unknown-appointment-type",
    ],
    [
      `&appointmentTypeId=${crypto.randomUUID()}`,
      "appointmentTypeId",
      "unknown-appointment-type",
    ],
    [`&appointmentTypeId=${inactive}&duration=30`, "duration", "either-or"],
  ];
  for (const [query, parameter, code] of cases) {
    const answer = await admin.get(path + query);
    assertProblem(answer, 422, "invalid-request");
    const [violation] = answer.body.errors;
    deepEqual([violation.parameter, violation.code], [parameter, code]);
  }
});

Deno.test("slots: a cursor is good for its own search only", async () => {
  const id = await addPractitioner(admin, everyDay("09:00-12:00"));
  const path = `/v1/practitioners/${id}/slots`;
  const query = "from=2027-02-01&to=2027-03-01&limit=2";
  const { body } = await admin.get(`${path}?${query}`);
  const cursor = `&cursor=${body.page.nextCursor}`;
  equal((await admin.get(`${path}?${query}${cursor}`)).status, 200);
  for (
    const other of [
      `${path}?${query}&duration=45${cursor}`,
      `${path}?from=2027-02-02&to=2027-03-01&limit=2${cursor}`,
      `/v1/slots?${query}${cursor}`,
    ]
  ) {
    assertProblem(await admin.get(other), 400, "invalid-cursor");
  }
});
