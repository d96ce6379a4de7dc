import { equal } from "node:assert/strict";
import { identifier, sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { assertProblem, type Json, logIn } from "../support/client.ts";
import { superuserLogin } from "../support/test_stack.ts";
import { openWorld } from "../support/world.ts";

/** What is made, by the table that it is stored in. */
const CREATIONS: readonly [table: string, path: string, body: Json][] = [
  ["closed_days", "/v1/clinic/closed-days", {
    firstDay: "2027-05-01",
    lastDay: "2027-05-01",
  }],
  ["appointment_types", "/v1/appointment-types", {
    name: "Consultation",
    durationMinutes: 30,
  }],
  ["resources", "/v1/resources", { name: "Laser", kind: "machine" }],
];

const WAIT_MS = 2_000;

Deno.test("settings: what is being entered is not entered twice", async () => {
  await using world = await openWorld({ clinics: 1 });
  const admin = await logIn(world, world.clinic(0));
  const { database } = world.clinic(0);
  // So that there is a connection for the second request while the first one waits.
  await Promise.all(
    Array.from({ length: 20 }, () => admin.get("/v1/resources")),
  );
  for (const [table, path, body] of CREATIONS) {
    const headers = { "idempotency-key": crypto.randomUUID() };
    await withDatabase(
      superuserLogin(world.stack),
      database,
      async (connection) => {
        let first: Promise<{ status: number }> | undefined;
        await connection.transaction("read write", async (run) => {
          await run.rows(sql`lock table ${identifier(table)} in share mode`);
          first = admin.post(path, body, headers);
          const deadline = Date.now() + WAIT_MS;
          for (;;) {
            const waiting = await run.rows(sql`select from pg_locks
              where not granted and relation = ${table}::regclass`);
            if (waiting.length > 0) break;
            if (Date.now() > deadline) throw new Error("Nobody waits");
          }
          const second = await admin.post(path, body, headers);
          assertProblem(second, 409, "idempotency-in-flight");
        });
        equal((await first)?.status, 201);
      },
    );
    const { body: page } = await admin.get(path);
    equal(page.data.length, 1, path);
  }
});
