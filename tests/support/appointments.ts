import { equal } from "node:assert/strict";
import type { Runner } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import type { Answer, Client, Json } from "./client.ts";
import { inClinic, untilWaiting } from "./sql.ts";
import { workerLogin } from "./test_stack.ts";
import type { TestClinic, World } from "./world.ts";

/** What appointments of a clinic are made of. */
export interface Bookable {
  readonly patientId: string;
  /** Works from Monday to Friday, 9 to 18 o'clock. */
  readonly practitionerId: string;
  /** Half an hour. */
  readonly typeId: string;
  /** Half an hour, beside others. */
  readonly sharedTypeId: string;
  readonly roomId: string;
}

export async function bookable(
  world: World,
  clinic: TestClinic,
): Promise<Bookable> {
  const made = {
    patientId: await addPatient(world, clinic),
    practitionerId: await addPractitioner(world, clinic),
    typeId: uuidv7(),
    sharedTypeId: uuidv7(),
    roomId: await addRoom(world, clinic),
  };
  await inClinic(
    world,
    clinic,
    sql`insert into appointment_types (id, name, duration_minutes, overlappable)
      values (${made.typeId}, 'Consultation', 30, false),
        (${made.sharedTypeId}, 'Group', 30, true)`,
  );
  return made;
}

export async function addPatient(
  world: World,
  clinic: TestClinic,
): Promise<string> {
  const id = uuidv7();
  await inClinic(
    world,
    clinic,
    sql`insert into patients (id, profile_status, given_names, phone)
      values (${id}, 'provisional', ${`Zoë ${id}`}, '+33639981234')`,
  );
  return id;
}

export async function addPractitioner(
  world: World,
  clinic: TestClinic,
): Promise<string> {
  const id = uuidv7();
  await inClinic(
    world,
    clinic,
    sql`insert into practitioners (id, given_names, family_name, profession)
      values (${id}, 'Camille', 'Besson', 'Dentist')`,
  );
  await inClinic(
    world,
    clinic,
    sql`insert into availability_template_hours
        (practitioner_id, weekday, minutes)
      select ${id}, weekday, int4range(540, 1080)
      from generate_series(1, 5) as weekday`,
  );
  return id;
}

export async function addRoom(
  world: World,
  clinic: TestClinic,
): Promise<string> {
  const id = uuidv7();
  await inClinic(
    world,
    clinic,
    sql`insert into resources (id, name, kind) values (${id}, 'Room', 'room')`,
  );
  return id;
}

/** The members of a booking. */
export function booking(from: Bookable, members: object = {}): Json {
  const { patientId, practitionerId, typeId } = from;
  return { patientId, practitionerId, typeId, ...members };
}

/** Books, and requires that it was booked. */
export async function book(client: Client, members: Json): Promise<Json> {
  const { status, body, text } = await client.post("/v1/appointments", members);
  equal(status, 201, text);
  return body;
}

/** Asks for a transition of any version. */
export function move(
  client: Client,
  path: string,
  action: string,
  ifMatch = "*",
): Promise<Answer> {
  const body = action === "cancel" ? {} : undefined;
  return client.post(`${path}/${action}`, body, { "if-match": ifMatch });
}

/**
 * Makes a request while somebody else has the turn to book. When it waits for it, it has read what there was, and has
 * changed nothing; then comes what happens `meanwhile`, in the transaction of whoever has the turn.
 */
export async function heldBack(
  world: World,
  clinic: TestClinic,
  ask: () => Promise<Answer>,
  meanwhile: (run: Runner) => Promise<unknown>,
): Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  await withDatabase(
    workerLogin(world.stack),
    clinic.database,
    async (connection) => {
      await connection.rows(sql`set role cloison_owner`);
      await connection.transaction("read write", async (run) => {
        // A change of nothing takes the turn.
        await run.rows(sql`delete from appointment_groups where false`);
        answer = ask();
        await untilWaiting(run);
        await meanwhile(run);
      });
    },
  );
  return await answer!;
}
