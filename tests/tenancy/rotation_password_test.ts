import assert from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { pauseDatabase } from "../../src/db/pooler_console.ts";
import { sql } from "../../src/db/sql.ts";
import type { ClinicId } from "../../src/kernel/ids.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { setPassword } from "../../src/tenancy/provisioning/clinic_database.ts";
import { rotateDatabasePassword } from "../../src/tenancy/rotation/database_password.ts";
import { logIn } from "../support/client.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import { readClinic } from "../support/provisioned.ts";
import { rotationContext } from "../support/rotation.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld } from "../support/world.ts";

Deno.test("rotation: three new database passwords under load, and no request fails", async () => {
  await using world = await openWorld({ clinics: 1 });
  const { stack } = world;
  const clinic = world.clinic(0);
  const id = clinic.id as ClinicId;
  const client = await logIn(world, clinic);
  const context = rotationContext(stack);
  const failed: string[] = [];
  let answered = 0;
  let over = false;

  async function load(index: number): Promise<void> {
    while (!over) {
      const answer = index % 2 === 0
        ? await client.get("/v1/patients?limit=5")
        : await client.post("/v1/patients", {
          profileStatus: "provisional",
          givenNames: `Charge ${crypto.randomUUID()}`,
          phone: "+33199004217",
        });
      answered++;
      if (answer.status >= 300) {
        failed.push(`${answer.status} ${answer.body.detail}`);
      }
    }
  }

  const workers = Array.from({ length: 8 }, (_, index) => load(index));
  const passwords = new Set<string>();
  const answers: number[] = [];
  try {
    const first = await readClinic(stack, id);
    passwords.add(first.target.password.reveal());
    for (let i = 0; i < 3; i++) {
      const before = answered;
      const { target } = await readClinic(stack, id);
      await rotateDatabasePassword(context, id);
      const after = await readClinic(stack, id);
      passwords.add(after.target.password.reveal());
      answers.push(answered - before);
      // The old password opens nothing any more.
      await assert.rejects(
        Connection.open({ ...target, nextPassword: undefined }),
        (error) =>
          error instanceof DatabaseError && error.failure === "refused",
      );
    }
  } finally {
    over = true;
    await Promise.all(workers);
  }
  assert.deepEqual(failed, []);
  assert.equal(passwords.size, 4);
  assert.ok(answers.every((count) => count > 20), `${answers}`);
  const rows = await withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    (central) =>
      central.rows(sql`
        select number, active from clinic_secrets
        where clinic_id = ${id} and purpose = 'database-password'`),
  );
  assert.deepEqual(rows.map((row) => ({ ...row as object })), [
    { number: 4, active: true },
  ]);
});

Deno.test("rotation: one that was interrupted is finished by the next, and people can work in between", async () => {
  await using world = await openWorld({ clinics: 1 });
  const { stack } = world;
  const id = world.clinic(0).id as ClinicId;
  const context = rotationContext(stack);
  const cut = { ...context, settle: () => Promise.reject(new Error("cut")) };
  const client = await logIn(world, world.clinic(0));

  async function canWork(): Promise<void> {
    // A new pool, that has to log in: what the database knows now is what counts.
    world.pools.retire(id);
    assert.equal((await client.get("/v1/patients")).status, 200);
  }

  await assert.rejects(rotateDatabasePassword(cut, id), /cut/);
  const announced = await readClinic(stack, id);
  const { database, nextPassword } = announced.target;
  assert.ok(nextPassword);
  await canWork();
  await withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    (central) => setPassword(central, database, nextPassword),
  );
  await canWork();
  assert.equal(
    await pauseDatabase(context.console, database, 5_000),
    "paused",
  );
  await rotateDatabasePassword(context, id);
  await canWork();
  const { target } = await readClinic(stack, id);
  assert.equal(target.nextPassword, undefined);
  assert.equal(target.password.reveal(), nextPassword.reveal());
});

Deno.test("rotation: a transaction that does not end is not waited for, and nothing has changed", async () => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  // Another clinic that a killed rotation left paused: PgBouncer's own trap.
  await using world = await openWorld({ stack, clinics: 2 });
  const stuck = await readClinic(stack, world.clinic(1).id as ClinicId);
  await (await Connection.open(stuck.target)).close();
  await pauseDatabase(
    rotationContext(stack).console,
    stuck.target.database,
    5_000,
  );
  const id = world.clinic(0).id as ClinicId;
  const context = { ...rotationContext(stack), pauseMilliseconds: 300 };
  const client = await logIn(world, world.clinic(0));
  const { target } = await readClinic(stack, id);
  const slow = await Connection.open(target);
  try {
    const end = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const transaction = slow.transaction("read only", async (run) => {
      await run.rows(sql`select`);
      begun.resolve();
      await end.promise;
    });
    await begun.promise;
    await assert.rejects(
      rotateDatabasePassword(context, id),
      /the clinic's statements do not end/,
    );
    assert.equal((await client.get("/v1/patients")).status, 200);
    end.resolve();
    await transaction;
    await rotateDatabasePassword(context, id);
    assert.equal((await client.get("/v1/patients")).status, 200);
    const other = world.clinic(1);
    await rotateDatabasePassword(rotationContext(stack), other.id as ClinicId);
    await logIn(world, other);
  } finally {
    await slow.close();
  }
});
