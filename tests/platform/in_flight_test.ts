import { CENTRAL_DATABASE } from "../../src/tenancy/provisioning/admin.ts";
import type { Json } from "../support/client.ts";
import { assertMadeOnce } from "../support/in_flight.ts";
import { openUser, PASSWORD } from "../support/platform.ts";
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
  const login = workerLogin(world.stack);
  const database = CENTRAL_DATABASE;
  for (const [table, path, made] of CREATIONS) {
    const body = made();
    await assertMadeOnce({ client, path, body, table, login, database });
  }
});
