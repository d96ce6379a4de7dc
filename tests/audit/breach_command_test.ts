import { deepEqual, equal, match, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { type Answer, run } from "../dev/support.ts";
import { COMMAND, environment } from "../support/cloison.ts";
import { inCentral } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

const [SUBCOMMAND, ...FLAGS] = COMMAND;
const PERIOD = ["--from", "2026-01-01", "--to", "2026-02-01T00:00:00Z"];

/** As the task of `deno.json`, which may write files. */
function query(world: World, ...args: string[]): Promise<Answer> {
  const { stack } = world;
  return run(
    [
      Deno.execPath(),
      SUBCOMMAND!,
      "--allow-write",
      ...FLAGS,
      "breach",
      "query",
      ...args,
    ],
    environment({ stack, cell: stack.cell }),
  );
}

Deno.test("cloison breach query: clinic by clinic, as a table, as JSON and as a file for the notification", async () => {
  await using world = await openWorld({ clinics: 3 });
  const [one, two, other] = world.clinics as never as [
    { id: string; slug: string },
    { id: string; slug: string },
    { id: string; slug: string },
  ];
  const actor = uuidv7();
  const patients = [uuidv7(), uuidv7(), uuidv7()].sort();
  const lines = [
    [one.id, "patient.view", patients[0]],
    [one.id, "record.view", patients[0]],
    [one.id, "document.render", patients[1]],
    [one.id, "patient.search", null],
    [two.id, "appointment.view", patients[2]],
  ];
  await inCentral(
    world,
    sql`insert into audit_log (id, at, clinic_id, actor_id, action, entity,
        patient_id, outcome, address)
      select gen_random_uuid(), '2026-01-15T12:00:00Z', (line ->> 0)::uuid,
        ${actor}, line ->> 1, 'x', (line ->> 2)::uuid, 'success', '203.0.113.9'
      from jsonb_array_elements(${{ lines }}::jsonb -> 'lines') as line`,
  );
  const folder = await Deno.makeTempDir();
  const csv = `${folder}/touched.csv`;
  const ours = ["--actor", actor, ...PERIOD];
  const network = ["--address", "203.0.113.0/24", "--json"];
  const both = ["--clinic", two.slug, "--clinic", other.slug];
  const shown = await query(world, ...ours, "--csv", csv);
  const json = await query(world, ...ours, ...network);
  const named = await query(world, ...ours, ...both);
  const none = await query(world, "--actor", uuidv7(), ...PERIOD);
  for (const { code, error } of [shown, json, named, none]) {
    equal(code, 0, error);
  }

  match(shown.out, new RegExp(`^${one.slug} +2 +4 +3 +0 +1 +1 +0 +2026`, "m"));
  match(shown.out, new RegExp(`^${two.slug} +1 +1 +1 +0 +0 +0 +0 +2026`, "m"));
  match(shown.out, new RegExp(`^${one.slug} +billing +1 +1 +0$`, "m"));
  match(
    shown.out,
    /lists were read \(patient\.search 1\); whom they showed is unknown, up to all files of the clinic/,
  );
  ok(!shown.out.includes(other.slug));
  ok(!shown.out.includes(patients[0]!), "the table is not for ids");

  const { clinics, ...asked } = JSON.parse(json.out);
  deepEqual(asked.networks, ["203.0.113.0/24", "::ffff:203.0.113.0/120"]);
  deepEqual(
    clinics.map((each: Record<string, unknown>) => [
      each.clinic,
      each.clinicId,
      each.persons,
      each.lines,
      each.listed,
      each.listExtent,
    ]).sort(),
    [
      [one.slug, one.id, 2, 4, 1, "unknown"],
      [two.slug, two.id, 1, 1, 0, "none"],
    ].sort(),
  );
  deepEqual(
    clinics.flatMap(({ patients }: { patients: { patientId: string }[] }) =>
      patients.map(({ patientId }) => patientId)
    ).sort(),
    patients,
  );

  const [head, ...rows] = (await Deno.readTextFile(csv)).trimEnd().split(
    "\r\n",
  );
  equal((await Deno.stat(csv)).mode! & 0o077, 0);
  match(head!, /^clinic,clinic_id,extent,patient_id,what,lines,/);
  equal(rows.length, 4);
  const at = "2026-01-15T12:00:00Z";
  const row = (start: string) => {
    const found = rows.find((each) => each.startsWith(start));
    return found?.replaceAll(/2026-01-15T12:00:00[^,]*/g, at);
  };
  equal(
    row(`${one.slug},${one.id},named,${patients[0]}`),
    `${one.slug},${one.id},named,${
      patients[0]
    },contact health-records identity insurance,2,2,0,0,${at},${at}`,
  );
  equal(
    row(`${one.slug},${one.id},"unknown`),
    `${one.slug},${one.id},"unknown, up to all files of the clinic",,patient.search,1,,,,${at},${at}`,
  );
  const again = await query(world, ...ours, "--csv", csv);
  deepEqual([again.code, again.out], [2, ""]);
  match(again.error, /is there already/);
  await Deno.remove(folder, { recursive: true });

  match(named.out, new RegExp(`^${other.slug} +0 +0 `, "m"));
  ok(!named.out.includes(one.slug));
  match(none.out, /The trail has no line of it/);

  const looks = await inCentral<{ clinic_id: string; count: number }>(
    world,
    sql`select clinic_id, count(*)::integer as count from audit_log
      where action = 'breach.query' and actor_id is null
        and clinic_id = any (${world.clinics.map(({ id }) => id)}::uuid[])
      group by clinic_id`,
  );
  // The last one found no file to write to, and had looked all the same.
  deepEqual(
    new Map(looks.map(({ clinic_id, count }) => [clinic_id, count])),
    new Map([[one.id, 3], [two.id, 4], [other.id, 1]]),
  );
});

Deno.test("cloison breach query: what is wrongly typed is one line, exit code 2", async () => {
  await using world = await openWorld({ clinics: 0 });
  const bad: [string[], RegExp][] = [
    [[], /--from/],
    [["--from", "yesterday"], /like 2026-01-12/],
    [["--from", "2026-02-30"], /like 2026-01-12/],
    [["--from", "2026-02-01", "--to", "2026-01-01"], /--to is not later/],
    [["--from", "2999-01-01"], /--from is still to come/],
    [["--from", "2026-01-01", "--to", "2999-01-01"], /--to is still to come/],
    [[...PERIOD, "--address", "192.0.2.0/33"], /--address must be/],
    [[...PERIOD, "--actor", "me"], /--actor must be a UUID/],
    [[...PERIOD, "--clinic", "x'; drop"], /--clinic must be/],
  ];
  const answers = await Promise.all(
    bad.map(([args]) => query(world, ...args)),
  );
  // Under load, many connections at once could be too slow: what asks the database comes alone.
  const asking: typeof bad = [
    [[...PERIOD, "--clinic", "nobody-knows"], /no clinic "nobody-knows"/],
    [[...PERIOD, "--csv", "/nowhere/at/all.csv"], /no folder/],
  ];
  for (const [args, message] of asking) {
    bad.push([args, message]);
    answers.push(await query(world, ...args));
  }
  for (const [index, { code, out, error }] of answers.entries()) {
    equal(code, 2, error);
    equal(out, "");
    match(error, bad[index]![1]);
    equal(error.trimEnd().split("\n").length, 1, error);
  }
  const help = await query(world, "--help");
  match(help.out, /Examples:\n +cloison breach query /);
});
