import { equal } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { BillingWorld } from "../support/billing.ts";
import { type Answer, assertProblem } from "../support/client.ts";
import { untilWaiting } from "../support/sql.ts";
import { superuserLogin } from "../support/test_stack.ts";

Deno.test("documents: what is being duplicated is not duplicated twice", async () => {
  await using billing = await BillingWorld.open();
  const { admin, world, clinic } = billing;
  // So that there is a connection for the second request while the first one waits.
  await Promise.all(
    Array.from({ length: 20 }, () => admin.get("/v1/invoices")),
  );
  for (const kind of ["invoices", "quotes"] as const) {
    const { id } = await billing.draft(kind);
    const path = `/v1/${kind}/${id}/duplicate`;
    const headers = { "idempotency-key": crypto.randomUUID() };
    let first: Promise<Answer> | undefined;
    await withDatabase(
      superuserLogin(world.stack),
      clinic.database,
      (connection) =>
        connection.transaction("read write", async (run) => {
          await run.rows(sql`lock table documents in share mode`);
          first = admin.post(path, undefined, headers);
          await untilWaiting(run);
          const second = await admin.post(path, undefined, headers);
          assertProblem(second, 409, "idempotency-in-flight");
        }),
    );
    equal((await first!).status, 201, path);
    const again = await admin.post(path, undefined, headers);
    equal(again.text, (await first!).text);
  }
});
