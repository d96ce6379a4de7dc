import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { type Client, type Json, logIn } from "../support/client.ts";
import {
  addPractitioner,
  allSlots,
  bookings,
  changeSettings,
  everyDay,
  inClinic,
  put,
  weekOf,
} from "../support/practice.ts";
import {
  type Interval,
  type Plan,
  slotsByLookingAtClocks,
  type Week,
} from "../support/slot_oracle.ts";
import { openWorld, type World } from "../support/world.ts";

/** Days on which clocks change, each with its ISO week; and days like any other. */
const DAYS: readonly [zone: string, day: string, week: string][] = [
  ["Europe/Paris", "2027-03-28", "2027-W12"],
  ["Europe/Paris", "2026-10-25", "2026-W43"],
  ["America/New_York", "2027-03-14", "2027-W10"],
  ["America/New_York", "2027-11-07", "2027-W44"],
  // By half an hour.
  ["Australia/Lord_Howe", "2027-04-04", "2027-W13"],
  ["Australia/Lord_Howe", "2027-10-03", "2027-W39"],
  // At midnight: a day that begins at one o'clock.
  ["America/Havana", "2027-03-14", "2027-W10"],
  // Never.
  ["Asia/Kathmandu", "2027-03-28", "2027-W12"],
  ["UTC", "2027-03-28", "2027-W12"],
];

const RUNS = 25;
const NAMES = Object.keys(weekOf());

let world: World;
let admin: Client;
let book: Awaited<ReturnType<typeof bookings>>;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  admin = await logIn(world, world.clinic(0));
  book = await bookings(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** Hours of a day: mostly in the small hours, when clocks change. */
function dayHours(): fc.Arbitrary<Interval[]> {
  const edge = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 48 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 288 }) },
  );
  return fc.uniqueArray(edge, { maxLength: 6 }).map((edges) => {
    const sorted = edges.map((each) => each * 5).sort((a, b) => a - b);
    return pairs(sorted);
  });
}

function pairs(sorted: readonly number[]): Interval[] {
  return Array.from(
    { length: Math.floor(sorted.length / 2) },
    (_, index) => [sorted[2 * index]!, sorted[2 * index + 1]!] as const,
  );
}

function weekHours(): fc.Arbitrary<Week> {
  return fc.array(dayHours(), { minLength: 7, maxLength: 7 });
}

interface Case {
  readonly plan: Plan;
  readonly day: string;
  readonly week: string;
  readonly length: number;
  readonly limit: number;
}

function cases(): fc.Arbitrary<Case> {
  return fc.record({
    where: fc.constantFrom(...DAYS),
    opening: fc.oneof(
      fc.constant(Array(7).fill([[0, 1440]]) as Week),
      weekHours(),
    ),
    template: weekHours(),
    override: fc.option(weekHours()),
    isClosed: fc.integer({ min: 0, max: 4 }).map((each) => each === 0),
    taken: fc.uniqueArray(fc.integer({ min: -300, max: 600 }), {
      maxLength: 8,
    }),
    step: fc.constantFrom(5, 15, 20, 45, 60),
    length: fc.constantFrom(5, 20, 30, 45, 60, 120),
    limit: fc.constantFrom(3, 7, 100),
  }).map(({ where: [zone, day, week], ...each }) => {
    const midnight = Date.parse(`${day}T00:00Z`) / 60_000;
    const edges = each.taken.sort((a, b) => a - b)
      .map((minute) => midnight + minute * 5);
    const plan: Plan = {
      zone,
      opening: each.opening,
      template: each.template,
      overrides: each.override ? { [mondayOf(day)]: each.override } : {},
      closed: each.isClosed ? [day] : [],
      taken: pairs(edges).filter(([from, to]) => to - from <= 1440),
      step: each.step,
    };
    return { plan, day, week, length: each.length, limit: each.limit };
  });
}

function mondayOf(day: string): string {
  return addDays(day, -((new Date(day).getUTCDay() + 6) % 7));
}

function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString()
    .slice(0, 10);
}

function asBody(week: Week): Json {
  return Object.fromEntries(NAMES.map((name, index) => [
    name,
    week[index]!.map(([start, end]) => ({
      start: time(start),
      end: time(end),
    })),
  ]));
}

function time(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60]
    .map((each) => String(each).padStart(2, "0")).join(":");
}

/** Puts a plan into the clinic. @returns its practitioner */
async function carryOut({ plan, week }: Case): Promise<string> {
  await changeSettings(admin, { openingHours: everyDay("00:00-24:00") });
  const id = await addPractitioner(admin, asBody(plan.template));
  const [override] = Object.values(plan.overrides);
  if (override) {
    const path = `/v1/practitioners/${id}/weeks/${week}`;
    const answer = await put(admin, path, { hours: asBody(override) });
    equal(answer.status, 200, answer.text);
  }
  await changeSettings(admin, {
    timeZone: plan.zone,
    slotStepMinutes: plan.step,
    openingHours: asBody(plan.opening),
  });
  for (const closed of plan.closed) {
    const days = { firstDay: closed, lastDay: closed };
    equal((await admin.post("/v1/clinic/closed-days", days)).status, 201);
  }
  const booked = plan.taken.map(([from, to]) =>
    book(id, instant(from), instant(to))
  );
  if (booked.length > 0) await inClinic(world, world.clinic(0), ...booked);
  return id;
}

async function openAgain(): Promise<void> {
  const { body } = await admin.get("/v1/clinic/closed-days?limit=100");
  for (const { id } of body.data) {
    const headers = { "if-match": "*" };
    const path = `/v1/clinic/closed-days/${id}`;
    equal((await admin.send("DELETE", path, { headers })).status, 204);
  }
}

function instant(minute: number): string {
  return new Date(minute * 60_000).toISOString();
}

Deno.test("slots: on days when clocks change, they are those that looking at the clocks gives", async () => {
  let some = 0;
  await fc.assert(
    fc.asyncProperty(cases(), async (each) => {
      const { plan, day, length, limit } = each;
      const id = await carryOut(each);
      const [from, to] = [addDays(day, -1), addDays(day, 1)];
      const query = `from=${from}&to=${to}&duration=${length}`;
      const path = `/v1/practitioners/${id}/slots?${query}`;
      const slots = await allSlots(admin, path, limit);
      if (plan.closed.length > 0) await openAgain();
      const expected = slotsByLookingAtClocks(plan, from, to, length);
      deepEqual(
        slots.map(({ startsAt }) => startsAt.slice(0, 16)),
        expected.map((minute) => instant(minute).slice(0, 16)),
      );
      for (const { startsAt, endsAt, practitionerId } of slots) {
        equal(Date.parse(endsAt) - Date.parse(startsAt), length * 60_000);
        equal(practitionerId, id);
      }
      if (expected.length > 0) some++;
    }),
    { numRuns: RUNS },
  );
  ok(some > RUNS / 3, `only ${some} plans had any`);
});
