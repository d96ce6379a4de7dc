import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { DatabaseError } from "../../src/db/errors.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import {
  archivePlace,
  purgeEndedArchives,
} from "../../src/tenancy/erasure/erase_person.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import type { Client, Json } from "../support/client.ts";
import { newPatient } from "../support/consents.ts";
import { asClinicRole, asOwner, inClinic } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import {
  erase,
  makeWholePerson,
  openTeam,
  type WholePerson,
  ZEPHYRINE,
} from "../support/whole_person.ts";
import { openWorld, type TestClinic, type World } from "../support/world.ts";

let world: World;
let clinic: TestClinic;
let admin: Client;
let adminId: string;
let person: WholePerson;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  clinic = world.clinic(0);
  const team = await openTeam(world, clinic);
  ({ admin } = team);
  adminId = (await admin.get("/v1/auth/me")).body.id;
  person = await makeWholePerson(world, clinic, team);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function refuses(
  attempt: Promise<unknown>,
  ...reasons: string[]
): Promise<void> {
  await rejects(attempt, (error) => {
    ok(error instanceof DatabaseError, String(error));
    const reason = error.constraint ?? error.sqlState ?? "";
    ok(reasons.includes(reason), reason);
    return true;
  });
}

const erasure = (id = uuidv7(), file = person.id) =>
  sql`select erase_patient(${id}, ${file}, ${adminId}, ${new Uint8Array([
    1,
  ])}::bytea)`;

const event = (entity: string, file: string) =>
  sql`insert into audit_outbox (id, actor_id, role, action, entity, entity_id,
      patient_id, request_id)
    values (${uuidv7()}, ${adminId}, 'admin', 'patient.erase', 'patient',
      ${entity}, ${file}, 'r')`;

/** What nobody does to what was issued, signed or recorded. */
const FORBIDDEN: readonly [string, () => Sql, ...string[]][] = [
  [
    "a buyer",
    () => sql`update documents set buyer = '{}' where id = ${person.invoiceId}`,
    "documents_immutable",
    "42501",
  ],
  [
    "a note",
    () =>
      sql`update documents set note_sealed = '\\x00' where id = ${person.invoiceId}`,
    "documents_immutable",
  ],
  [
    "an issued document",
    () => sql`delete from documents where id = ${person.invoiceId}`,
    "documents_immutable",
    "patients_erased",
  ],
  ["a payment", () => sql`update payments set reference = null`, "42501"],
  [
    "a consent",
    () => sql`delete from consents where state = 'pending'`,
    "42501",
  ],
  [
    "an event",
    () => sql`update consent_events set address = null`,
    "42501",
    "patients_erased",
  ],
  [
    "an access",
    () => sql`update emergency_accesses set reason_sealed = null`,
    "42501",
  ],
  [
    "a membership",
    () => sql`update care_team set reason_sealed = null`,
    "42501",
    "care_team_frozen",
  ],
  [
    "a prescription",
    () => sql`delete from prescriptions where number is null`,
    "42501",
  ],
  [
    "the mark",
    () =>
      sql`insert into erasures_under_way (patient_id) values (${person.id})`,
    "42501",
  ],
  ["the archive", () => sql`select from erasure_archives`, "42501"],
  [
    "a certificate",
    () => sql`update erasures set erased_at = now()`,
    "42501",
  ],
  [
    "the inner function",
    () =>
      sql`select perform_erasure(${uuidv7()}, ${person.id},
        array[${person.id}::uuid], now(), ${adminId}, null)`,
    "42501",
  ],
  [
    "the replay",
    () => sql`select begin_replay(array[${person.id}::uuid])`,
    "42501",
  ],
];

Deno.test("erasure: the clinic's own role cannot do by itself what an erasure does", async () => {
  for (const [name, statement, ...reasons] of FORBIDDEN) {
    await refuses(asClinicRole(world, clinic, statement()), ...reasons)
      .catch((error) => {
        throw new Error(name, { cause: error });
      });
  }
  await refuses(
    asClinicRole(
      world,
      clinic,
      sql`update patients set erased_at = now() where id = ${person.id}`,
    ),
    "42501",
  );
  await refuses(
    asClinicRole(
      world,
      clinic,
      sql`update patients set restricted_at = now() where id = ${person.id}`,
    ),
    "42501",
  );
});

Deno.test("erasure: behind it, in the same transaction, every rule holds again", async () => {
  for (const [name, statement, ...reasons] of FORBIDDEN) {
    await refuses(
      asClinicRole(world, clinic, erasure(), statement()),
      ...reasons,
    ).catch((error) => {
      throw new Error(name, { cause: error });
    });
  }
  // What a mark that stayed would let through.
  await refuses(
    asClinicRole(
      world,
      clinic,
      erasure(),
      sql`insert into appointment_groups (id, patient_id)
        values (${uuidv7()}, ${person.id})`,
    ),
    "patients_erased",
  );
  // Nor as the owner.
  for (
    const statement of [
      sql`update documents set buyer = '{}' where id = ${person.invoiceId}`,
      sql`update documents set buyer = erased_buyer(buyer), note_sealed = null,
        total_cents = 1 where id = ${person.invoiceId}`,
    ]
  ) {
    await refuses(
      asOwner(world, clinic, erasure(), statement),
      "documents_immutable",
    );
  }
});

Deno.test("erasure: without its events, or an archive of what is kept, it is not done; and no event without it", async () => {
  await refuses(asClinicRole(world, clinic, erasure()), "erasures_told");
  const id = uuidv7();
  await refuses(
    asClinicRole(world, clinic, erasure(id), event(id, person.id)),
    "erasures_told",
  );
  await refuses(
    asClinicRole(
      world,
      clinic,
      sql`select erase_patient(${id}, ${person.id}, ${adminId}, null)`,
    ),
    "erasures_archive",
  );
  await refuses(
    asClinicRole(world, clinic, event(uuidv7(), person.id)),
    "audit_outbox_erasure",
  );
});

Deno.test("erasure: what is rolled back has left nothing half done", async () => {
  const state = () =>
    inClinic<Json>(
      world,
      clinic,
      sql`select (select jsonb_agg(to_jsonb(p) order by id) from patients as p) as patients,
        (select count(*)::integer from idempotency_keys) as answers,
        (select jsonb_agg(to_jsonb(d) order by id) from documents as d) as documents,
        (select count(*)::integer from erasures_under_way) as marks`,
    );
  const before = await state();
  await refuses(
    asClinicRole(world, clinic, erasure(), sql`select 1 / 0`),
    "22012",
  );
  deepEqual(await state(), before);
  const id = uuidv7();
  await refuses(
    asClinicRole(
      world,
      clinic,
      erasure(id),
      event(id, person.id),
      event(id, person.mergedId),
      sql`select pg_terminate_backend(pg_backend_pid())`,
    ).catch((error) => {
      throw error instanceof DatabaseError && error.failure === "unavailable"
        ? new DatabaseError("unavailable", "killed", { sqlState: "57P01" })
        : error;
    }),
    "57P01",
  );
  deepEqual(await state(), before);
});

Deno.test("erasure: the answers to requests about the person are forgotten, and those about others are not", async () => {
  const other = await newPatient(admin);
  const answers = () =>
    inClinic<Json>(
      world,
      clinic,
      sql`select count(*) filter (where patient_ids && array[${person.id}::uuid,
          ${person.mergedId}::uuid])::integer as theirs,
        count(*) filter (where patient_ids @> array[${other}::uuid])::integer as others,
        count(*) filter (where patient_ids is null)::integer as unknown
      from idempotency_keys`,
    );
  const [before] = await answers();
  ok(before.theirs > 20);
  equal(before.unknown, 0);
  await erase(admin, person.id);
  deepEqual(await answers(), [{ theirs: 0, others: 1, unknown: 0 }]);
});

Deno.test("erasure: the archive tells whose the rest is, to who has the clinic's key, until its last day is over", async () => {
  const { vault } = (await world.directory.byId(clinic.id))!;
  const [certificate] = (await admin.get("/v1/erasures")).body.data;
  const [archive] = await inClinic<Json>(
    world,
    clinic,
    sql`select contents_sealed, ends_on from erasure_archives
      where erasure_id = ${certificate.id}`,
  );
  equal(archive.ends_on, certificate.keptUntil);
  const contents = JSON.parse(
    vault.openText(archivePlace(certificate.id), archive.contents_sealed),
  );
  const file = contents.files.find(({ id }: Json) => id === person.id);
  equal(file.familyName, ZEPHYRINE.familyName);
  equal(file.phone, undefined);
  ok(contents.buyers[person.invoiceId].name.includes(ZEPHYRINE.familyName));
  ok(contents.notes[person.invoiceId].includes(ZEPHYRINE.familyName));

  const purged = () =>
    withDatabase(
      workerLogin(world.stack),
      clinic.database,
      async (connection) => {
        await connection.script("set role cloison_owner");
        return await purgeEndedArchives(connection);
      },
    );
  await refuses(
    asOwner(world, clinic, sql`delete from erasure_archives`),
    "42501",
  );
  equal(await purged(), 0);
  await asOwner(
    world,
    clinic,
    sql`alter table erasure_archives disable trigger guard`,
    sql`update erasure_archives set ends_on = current_date - 2`,
    sql`alter table erasure_archives enable trigger guard`,
  );
  equal(await purged(), 1);
});

Deno.test("erasure: every table that refers to a patient refuses to be written in a closed file", async () => {
  const open = await inClinic<{ name: string }>(
    world,
    clinic,
    sql`select c.relname as name from pg_class as c
      where exists (select from pg_constraint as k where k.conrelid = c.oid
          and k.contype = 'f' and k.confrelid = 'patients'::regclass)
        and not exists (select from pg_trigger as t
          where t.tgrelid = c.oid and t.tgname = 'file_open')
      order by 1`,
  );
  // Their rules are their own: what may be written about a closed file is just that it is.
  deepEqual(open.map(({ name }) => name), [
    "legal_holds",
    "patient_merges",
    "patients",
    "processing_restrictions",
  ]);
});
