import { say } from "../../scripts/cli/terminal.ts";
import { openTestStack } from "../../scripts/dev/test_stack.ts";
import { sql } from "../../src/db/sql.ts";
import { type Client, logIn } from "../support/client.ts";
import {
  addPractitioner,
  bookings,
  hours,
  inClinic,
  weekOf,
} from "../support/practice.ts";
import type { TestStack } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";

const PRACTITIONERS = 20;
const WARM_UP = 20;
const RUNS = 200;
const RANGE = "from=2027-03-01&to=2027-05-01";

/** What is asked for, by what to call it. `{id}` is one practitioner after the other. */
const SEARCHES: Readonly<Record<string, string>> = {
  "one, 62 days": `/practitioners/{id}/slots?${RANGE}`,
  "one, 62 days, 100 slots": `/practitioners/{id}/slots?${RANGE}&limit=100`,
  "anybody, 7 days": "/slots?from=2027-03-22&to=2027-03-28",
  "anybody, 62 days": `/slots?${RANGE}`,
  "anybody, 62 days, 100 slots": `/slots?${RANGE}&limit=100`,
  "anybody, 62 days, hardly any": `/slots?${RANGE}&duration=90`,
  "anybody, 62 days, none": `/slots?${RANGE}&duration=300`,
};

/** How long a search for free slots takes in a clinic of 20 practitioners, each with a year of appointments. */
export async function benchSlots(): Promise<void> {
  await using servers = await openTestStack();
  const stack: TestStack = JSON.parse(await Deno.readTextFile(servers.file));
  await using world = await openWorld({ clinics: 1, stack, folder: ".data" });
  const admin = await logIn(world, world.clinic(0));
  const ids = await fill(world, admin);
  for (const [name, path] of Object.entries(SEARCHES)) {
    const times: number[] = [];
    for (let n = 0; n < WARM_UP + RUNS; n++) {
      const url = `${world.url}/v1${
        path.replace("{id}", ids[n % ids.length]!)
      }`;
      const started = performance.now();
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${admin.token}` },
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${url}: ${text}`);
      if (n >= WARM_UP) times.push(performance.now() - started);
    }
    say(`${name.padEnd(30)} ${describe(times)}`);
  }
}

/** About seven of eight half-hours are taken. @returns the practitioners */
async function fill(world: World, admin: Client): Promise<string[]> {
  const day = hours("09:00-12:30", "14:00-18:30");
  const [monday, tuesday, wednesday, thursday, friday] = Array(5).fill(day);
  const week = weekOf({ monday, tuesday, wednesday, thursday, friday });
  const ids: string[] = [];
  for (let n = 0; n < PRACTITIONERS; n++) {
    ids.push(await addPractitioner(admin, week));
  }
  await bookings(world, world.clinic(0));
  const results = await inClinic(
    world,
    world.clinic(0),
    // Their rules are not what is measured, and look at every single row.
    sql`alter table appointments disable trigger user`,
    sql`insert into appointments (id, patient_id, practitioner_id, type_id,
        period, state, outside_hours, changed_by)
      select gen_random_uuid(), patients.id, practitioners.id, types.id,
        tstzrange(at, at + interval '30 minutes'), 'scheduled', true, staff.id
      from practitioners, (select id from patients limit 1) as patients,
        (select id from appointment_types limit 1) as types,
        (select id from staff limit 1) as staff,
        generate_series('2027-01-01'::timestamp, '2027-12-31', '1 day') as day,
        generate_series(0, 15) as n, lateral (
          select (day + interval '9 hours' + n * interval '30 minutes'
            + case when n < 7 then interval '0' else interval '90 minutes' end
          ) at time zone 'Europe/Paris' as at) as start
      where extract(isodow from day) < 6
        and hashtext(practitioners.id::text || day || n) & 7 < 7`,
    sql`alter table appointments enable trigger user`,
    sql`analyze`,
    sql`select count(*) as count from appointments`,
  );
  say(`${results.at(-1)![0].count} appointments`);
  return ids;
}

function describe(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.ceil(sorted.length * share) - 1]!.toFixed(1).padStart(6);
  return `p50 ${at(0.5)} ms   p95 ${at(0.95)} ms   most ${at(1)} ms`;
}
