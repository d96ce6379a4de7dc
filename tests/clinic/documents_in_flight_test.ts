import { BillingWorld } from "../support/billing.ts";
import { assertMadeOnce, openConnections } from "../support/in_flight.ts";
import { superuserLogin } from "../support/test_stack.ts";

Deno.test("documents: what is being duplicated is not duplicated twice", async () => {
  await using billing = await BillingWorld.open();
  const { admin: client, world, clinic: { database } } = billing;
  const login = superuserLogin(world.stack);
  await openConnections(client, "/v1/invoices");
  for (const kind of ["invoices", "quotes"] as const) {
    const { id } = await billing.draft(kind);
    const path = `/v1/${kind}/${id}/duplicate`;
    const table = "documents";
    await assertMadeOnce({ client, path, table, login, database });
  }
});
