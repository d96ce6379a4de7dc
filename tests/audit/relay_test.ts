import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { logIn } from "../support/client.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld, type TestClinic, type World } from "../support/world.ts";
import { logInTo, startApi } from "../http/api_process.ts";
import { asRole, eventually, linesOf } from "./trail.ts";

interface OutboxRow {
  readonly id: string;
  readonly action: string;
  readonly relayed_at: string | null;
}

function outboxOf(world: World, clinic: TestClinic): Promise<OutboxRow[]> {
  return withDatabase(
    workerLogin(world.stack),
    clinic.database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      return await connection.rows(
        sql`select id, action, relayed_at from audit_outbox order by id`,
      );
    },
  );
}

const patient = {
  profileStatus: "complete",
  givenNames: "Zoé",
  familyName: "Le Goff",
  birthDate: "1990-01-02",
};

Deno.test("relay: a change's event is in the central trail soon after, once, with the names of what it touched", async () => {
  await using world = await openWorld({ clinics: 1 });
  const clinic = world.clinic(0);
  const admin = await logIn(world, clinic);
  const { id } = (await admin.post("/v1/patients", patient)).body;
  await admin.patch(`/v1/patients/${id}`, { city: "Brest" }, "*");
  const lines = await eventually(
    () => linesOf(world, clinic.id),
    (lines) => lines.some(({ action }) => action === "patient.change"),
  );
  const changes = lines.filter(({ action }) => action.startsWith("patient."));
  deepEqual(
    changes.map(({ action, entity_id, changed_fields }) => [
      action,
      entity_id,
      changed_fields,
    ]),
    [
      ["patient.create", id, Object.keys(patient).sort()],
      ["patient.change", id, ["city"]],
    ],
  );
  const outbox = await eventually(
    () => outboxOf(world, clinic),
    (rows) => rows.every(({ relayed_at }) => relayed_at !== null),
  );
  ok(outbox.every(({ relayed_at }) => relayed_at !== null));
  deepEqual(
    new Set(outbox.map(({ id }) => id)).difference(
      new Set(lines.map(({ id }) => id)),
    ),
    new Set(),
  );
});

Deno.test("relay: what a process that was killed left in the outbox, the next change brings along, once", async () => {
  await using world = await openWorld({ clinics: 1 });
  const clinic = world.clinic(0);
  {
    await using api = await startApi();
    const admin = await logInTo(api, world, clinic);
    const answers = Array.from(
      { length: 30 },
      () => admin.post("/v1/patients", patient).catch(() => undefined),
    );
    await Promise.any(answers);
    await api.kill();
    await Promise.all(answers);
  }
  const admin = await logIn(world, clinic);
  await admin.post("/v1/patients", patient);
  const outbox = await eventually(
    () => outboxOf(world, clinic),
    (rows) => rows.every(({ relayed_at }) => relayed_at !== null),
  );
  ok(outbox.filter(({ action }) => action === "patient.create").length >= 2);
  const ids = (await linesOf(world, clinic.id)).map(({ id }) => id);
  equal(new Set(ids).size, ids.length);
  for (const { id } of outbox) ok(ids.includes(id), `${id} was not relayed`);
});

Deno.test("relay: a clinic's own role can neither unsay nor rewrite an event, only note that it was relayed", async () => {
  await using world = await openWorld({ clinics: 1 });
  const clinic = world.clinic(0);
  const admin = await logIn(world, clinic);
  await admin.post("/v1/patients", patient);
  await asRole(
    world,
    clinic.database,
    clinic.database,
    async (connection) => {
      await connection.script("set default_transaction_read_only = off");
      for (
        const statement of [
          "delete from audit_outbox",
          "truncate audit_outbox",
          "update audit_outbox set action = 'patient.view'",
          "update audit_outbox set relayed_at = null",
          "alter table audit_outbox disable trigger user",
        ]
      ) {
        const failure = await connection.script(statement).then(
          () => undefined,
          (error) => error.sqlState,
        );
        equal(failure, "42501", statement);
      }
    },
  );
});
