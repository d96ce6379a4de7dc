import { deepEqual, equal, match, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { cloison } from "../support/cloison.ts";
import { inCentral } from "../support/sql.ts";
import {
  erase,
  makeWholePerson,
  openTeam,
  ZEPHYRINE,
} from "../support/whole_person.ts";
import { openWorld } from "../support/world.ts";

Deno.test("cloison erasure open: tells whose what was kept is, and puts that on the trail before", async () => {
  await using world = await openWorld({ clinics: 2 });
  const { stack } = world;
  const clinic = world.clinic(0);
  const team = await openTeam(world, clinic);
  const person = await makeWholePerson(world, clinic, team);
  const { id } = await erase(team.admin, person.id);
  const open = (...args: string[]) =>
    cloison({ stack, cell: stack.cell }, ["erasure", "open", ...args]);

  const answer = await open(clinic.slug, id);
  equal(answer.code, 0, answer.error);
  const archive = JSON.parse(answer.out);
  equal(archive.patientId, person.id);
  match(archive.endsOn, /^\d{4}-\d\d-\d\d$/);
  const file = archive.contents.files.find((each: { id: string }) =>
    each.id === person.id
  );
  equal(file.familyName, ZEPHYRINE.familyName);
  equal(file.birthDate, ZEPHYRINE.birthDate);
  ok(person.invoiceId in archive.contents.buyers);

  // Of another clinic, of nobody, and no id at all.
  const opened = [
    await open(world.clinic(1).slug, id),
    await open(clinic.slug, crypto.randomUUID()),
    await open(clinic.slug, "x"),
    await open("nobody-here", id),
  ];
  deepEqual(opened.map(({ code, out }) => [code, out]), [
    [1, ""],
    [1, ""],
    [2, ""],
    [1, ""],
  ]);
  const lines = await inCentral<{ entity_id: string }>(
    world,
    sql`select entity_id from audit_log
      where action = 'erasure.open' and clinic_id = ${clinic.id}`,
  );
  deepEqual(lines, [{ entity_id: id }]);
});
