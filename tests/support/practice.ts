import { equal } from "node:assert/strict";
import { type Sql, sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { type Answer, type Client, type Json } from "./client.ts";
import { workerLogin } from "./test_stack.ts";
import type { TestClinic, World } from "./world.ts";

/** Hours of a week in which only the given days have any. */
export function weekOf(days: Json = {}): Json {
  return {
    monday: [],
    tuesday: [],
    wednesday: [],
    thursday: [],
    friday: [],
    saturday: [],
    sunday: [],
    ...days,
  };
}

/** `["09:00-12:00"]` as the API writes it. */
export function hours(...intervals: string[]): Json {
  return intervals.map((each) => {
    const [start, end] = each.split("-");
    return { start, end };
  });
}

/** The same hours on all seven days. */
export function everyDay(...intervals: string[]): Json {
  const day = hours(...intervals);
  return Object.fromEntries(Object.keys(weekOf()).map((name) => [name, day]));
}

export async function changeSettings(
  client: Client,
  patch: Json,
): Promise<Json> {
  const { status, body, text } = await client.patch(
    "/v1/clinic/settings",
    patch,
    "*",
  );
  equal(status, 200, text);
  return body;
}

/** A practitioner who works in these hours. */
export async function addPractitioner(
  client: Client,
  week: Json = weekOf(),
  members: Json = {},
): Promise<string> {
  const { status, body, text } = await client.post("/v1/practitioners", {
    givenNames: "Hélène",
    familyName: "Marchetti",
    profession: "Dermatologist",
    ...members,
  });
  equal(status, 201, text);
  const set = await put(
    client,
    `/v1/practitioners/${body.id}/availability`,
    { hours: week },
  );
  equal(set.status, 200, set.text);
  return body.id;
}

export function put(
  client: Client,
  path: string,
  body: Json,
  ifMatch = "*",
): Promise<Answer> {
  return client.send("PUT", path, { body, headers: { "if-match": ifMatch } });
}

/** Runs statements in a clinic's database, as its owner. */
export function inClinic(
  world: World,
  clinic: TestClinic,
  ...statements: Sql[]
): Promise<Json[][]> {
  return withDatabase(
    workerLogin(world.stack),
    clinic.database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      const results: Json[][] = [];
      for (const statement of statements) {
        results.push(await connection.rows<Json>(statement));
      }
      return results;
    },
  );
}

/** A patient and a type, which appointments need. @returns a statement that books, by ISO instants */
export async function bookings(
  world: World,
  clinic: TestClinic,
): Promise<
  (practitioner: string, from: string, to: string, state?: string) => Sql
> {
  const [patient, type] = [crypto.randomUUID(), crypto.randomUUID()];
  await inClinic(
    world,
    clinic,
    sql`insert into patients (id, profile_status, given_names, phone)
      values (${patient}, 'provisional', ${`Zoë ${patient}`}, '+33639981234')`,
    sql`insert into appointment_types (id, name, duration_minutes)
      values (${type}, 'Consultation', 30)`,
  );
  return (practitioner, from, to, state = "scheduled") =>
    sql`insert into appointments (id, patient_id, practitioner_id, type_id,
        period, state, outside_hours, changed_by)
      select ${crypto.randomUUID()}, ${patient}, ${practitioner}, ${type},
        tstzrange(${from}, ${to}), ${state}, true, id from staff limit 1`;
}

/** Every slot of a search, page by page. */
export async function allSlots(
  client: Client,
  path: string,
  limit = 100,
): Promise<Json[]> {
  const slots: Json[] = [];
  let next: string | null = `${path}&limit=${limit}`;
  while (next !== null) {
    const page: Answer = await client.get(next);
    equal(page.status, 200, page.text);
    slots.push(...page.body.data);
    const link = page.headers.get("link");
    next = link && /^<(.+)>; rel="next"$/.exec(link)![1]!;
  }
  return slots;
}
