import { equal } from "node:assert/strict";
import { type Json, logIn } from "../support/client.ts";
import { assertMadeOnce, openConnections } from "../support/in_flight.ts";
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

Deno.test("settings: what is being entered is not entered twice", async () => {
  await using world = await openWorld({ clinics: 1 });
  const client = await logIn(world, world.clinic(0));
  const { database } = world.clinic(0);
  const login = superuserLogin(world.stack);
  await openConnections(client, "/v1/resources");
  for (const [table, path, body] of CREATIONS) {
    await assertMadeOnce({ client, path, body, table, login, database });
    const { body: page } = await client.get(path);
    equal(page.data.length, 1, path);
  }
});
