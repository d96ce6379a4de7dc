import { equal } from "node:assert/strict";
import { identifier, sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { type Answer, assertProblem, type Json } from "../support/client.ts";
import { openUser, PASSWORD } from "../support/platform.ts";
import { untilWaiting } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld } from "../support/world.ts";

/** What is made of each kind, and where it is stored. */
const CREATIONS: readonly (readonly [string, string, () => Json])[] = [
  ["breaches", "/v1/platform/breaches", () => ({
    discoveredAt: new Date().toISOString(),
    description: "Un poste a été volé.",
  })],
  ["platform_users", "/v1/platform/users", () => ({
    email: `made-${crypto.randomUUID()}@platform.test`,
    displayName: "Camille Besson",
    role: "auditor",
    password: PASSWORD,
  })],
];

Deno.test("platform: what is being made is not made twice", async () => {
  await using world = await openWorld({ clinics: 0 });
  const { client } = await openUser(world);
  for (const [table, path, made] of CREATIONS) {
    const body = made();
    const headers = { "idempotency-key": crypto.randomUUID() };
    let first: Promise<Answer> | undefined;
    await withDatabase(
      workerLogin(world.stack),
      CENTRAL_DATABASE,
      (central) =>
        central.transaction("read write", async (run) => {
          await run.rows(sql`lock table ${identifier(table)} in share mode`);
          first = client.post(path, body, headers);
          await untilWaiting(run);
          const second = await client.post(path, body, headers);
          assertProblem(second, 409, "idempotency-in-flight");
        }),
    );
    equal((await first!).status, 201, path);
    const again = await client.post(path, body, headers);
    equal(again.text, (await first!).text);
  }
});
