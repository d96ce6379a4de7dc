import { equal, ok } from "node:assert/strict";
import { dirname } from "node:path";
import { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import { logIn } from "../support/client.ts";
import { openWorld } from "../support/world.ts";

Deno.test("server log: a refused change leaves nothing of the patient in PostgreSQL's log", async () => {
  await using world = await openWorld({ clinics: 1 });
  const client = await logIn(world, world.clinic(0));
  const created = await client.post("/v1/patients", {
    profileStatus: "provisional",
    givenNames: "Bérengère-Unmistakable",
    phone: "+33639981234",
  });
  // Refused by a constraint: PostgreSQL's own words would quote the whole row.
  const refused = await client.patch(created.headers.get("location")!, {
    profileStatus: "complete",
  }, "*");
  equal(refused.status, 409);

  const target = (await world.directory.byId(world.clinic(0).id))!.target;
  const connection = await Connection.open(target);
  try {
    await connection.rows(sql`select ${"Unmistakable-Typed"}::uuid`)
      .catch(() => {});
  } finally {
    await connection.close();
  }
  const log = await Deno.readTextFile(
    `${dirname(dirname(world.stack.keyFile))}/postgres/server.log`,
  );
  ok(log.includes("database system is ready"), "it is the server's log");
  ok(!log.includes("Unmistakable"));
});
