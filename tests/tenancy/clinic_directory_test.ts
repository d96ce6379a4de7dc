import { deepEqual, equal, notEqual, rejects } from "node:assert/strict";
import { DatabaseError } from "../../src/db/errors.ts";
import type { Clinic } from "../../src/tenancy/clinic.ts";
import {
  ClinicDirectory,
  type ClinicSource,
} from "../../src/tenancy/directory/clinic_directory.ts";

/** Hands out clinics when it is told to, so that what happens meanwhile is up to the test. */
class SlowSource implements ClinicSource {
  readonly waiting: ((clinic: Clinic | undefined | Error) => void)[] = [];

  byId(): Promise<Clinic | undefined> {
    return new Promise((resolve, reject) =>
      this.waiting.push((clinic) =>
        clinic instanceof Error ? reject(clinic) : resolve(clinic)
      )
    );
  }

  bySlug(): Promise<Clinic | undefined> {
    return this.byId();
  }

  async answer(clinic: Clinic | undefined | Error): Promise<void> {
    this.waiting.shift()!(clinic);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Only what the directory looks at. */
function clinic(id: string, revision = "1"): Clinic {
  return { id, slug: `slug-${id}`, revision } as unknown as Clinic;
}

function setUp(maxEntries = 10) {
  const source = new SlowSource();
  const changed: string[] = [];
  let now = 0;
  const directory = new ClinicDirectory({
    source,
    clock: () => now,
    maxEntries,
    outageMs: 10_000,
    onChanged: (id) => changed.push(id),
  });
  directory.startHearing();
  return {
    source,
    changed,
    directory,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

Deno.test("ClinicDirectory asks once for many who ask at once, and then no more", async () => {
  const { source, directory } = setUp();
  const asked = Promise.all(
    Array.from({ length: 20 }, () => directory.byId("a")),
  );
  equal(source.waiting.length, 1);
  const a = clinic("a");
  await source.answer(a);
  deepEqual(new Set(await asked), new Set([a]));
  equal(await directory.byId("a"), a);
  equal(await directory.bySlug("slug-a"), a);
  equal(source.waiting.length, 0);
});

Deno.test("ClinicDirectory keeps nothing about clinics that are not there, and about failures", async () => {
  const { source, directory } = setUp();
  const first = directory.byId("a");
  await source.answer(undefined);
  equal(await first, undefined);
  const second = directory.byId("a");
  const failed = rejects(second, /away/);
  await source.answer(new Error("away"));
  await failed;
  const third = directory.byId("a");
  await source.answer(clinic("a"));
  notEqual(await third, undefined);
});

Deno.test("ClinicDirectory does not keep what was read before a change that came meanwhile", async () => {
  const { source, directory } = setUp();
  const asked = directory.byId("a");
  directory.drop("a");
  directory.drop("b");
  await source.answer(clinic("a", "old"));
  await source.answer(clinic("a", "new"));
  equal((await asked)?.revision, "new");
});

Deno.test("ClinicDirectory is not held up by changes of other clinics", async () => {
  const { source, directory } = setUp();
  const asked = directory.byId("a");
  directory.drop("b");
  await source.answer(clinic("a"));
  equal((await asked)?.id, "a");
});

Deno.test("ClinicDirectory gives up on a clinic that changes all the time, and keeps nothing of it", async () => {
  const { source, directory } = setUp();
  const asked = directory.byId("a");
  for (let n = 0; n < 5; n++) {
    directory.drop("a");
    await source.answer(clinic("a", String(n)));
  }
  equal((await asked)?.revision, "4");
  equal(directory.size, 0);
});

Deno.test("ClinicDirectory believes an entry for one second when it cannot hear changes", async () => {
  const { source, directory, changed, pass } = setUp();
  const first = directory.byId("a");
  const a = clinic("a");
  await source.answer(a);
  await first;
  directory.stopHearing();
  pass(999);
  equal(await directory.byId("a"), a);
  pass(1);
  const again = directory.byId("a");
  await source.answer(clinic("a"));
  // Nothing had changed: the same object goes on, and its pool with it.
  equal(await again, a);
  deepEqual(changed, []);
  pass(1_000);
  const another = directory.byId("a");
  await source.answer(clinic("a", "2"));
  equal((await another)?.revision, "2");
  deepEqual(changed, ["a"]);
});

const away = new DatabaseError("unavailable", "away");

Deno.test("ClinicDirectory believes what it knows for a while when nobody can be asked, and asks once a second", async () => {
  const { source, directory, pass } = setUp();
  const first = directory.byId("a");
  const a = clinic("a");
  await source.answer(a);
  await first;
  pass(60_000);
  directory.stopHearing();
  pass(1_000);
  const asked = directory.byId("a");
  await source.answer(away);
  equal(await asked, a);
  // Nobody waits any more, and one of those who ask a second later asks for all.
  equal(await directory.byId("a"), a);
  equal(await directory.bySlug("slug-a"), a);
  equal(source.waiting.length, 0);
  pass(1_000);
  equal(await directory.byId("a"), a);
  equal(await directory.byId("a"), a);
  equal(source.waiting.length, 1);
  await source.answer(away);
  pass(7_999);
  equal(await directory.byId("a"), a);
  await source.answer(away);
  pass(1);
  const late = rejects(directory.byId("a"), /away/);
  await source.answer(away);
  await late;
});

Deno.test("ClinicDirectory believes nobody again as soon as it can ask", async () => {
  const { source, directory, changed, pass } = setUp();
  const first = directory.byId("a");
  await source.answer(clinic("a"));
  await first;
  directory.stopHearing();
  pass(1_000);
  const asked = directory.byId("a");
  await source.answer(away);
  await asked;
  pass(1_000);
  await directory.byId("a");
  await source.answer(clinic("a", "2"));
  deepEqual(changed, ["a"]);
  equal((await directory.byId("a"))?.revision, "2");
  pass(1_000);
  const gone = directory.byId("a");
  await source.answer(undefined);
  equal(await gone, undefined);
});

Deno.test("ClinicDirectory does not believe what changed, and what it never knew, when nobody can be asked", async () => {
  const { source, directory, pass } = setUp();
  const first = directory.byId("a");
  await source.answer(clinic("a"));
  await first;
  directory.drop("a");
  directory.stopHearing();
  pass(1_000);
  for (const id of ["a", "b"]) {
    const refused = rejects(directory.byId(id), /away/);
    await source.answer(away);
    await refused;
  }
});

Deno.test("ClinicDirectory drops everything when it hears again", async () => {
  const { source, directory, changed } = setUp();
  const asked = directory.byId("a");
  await source.answer(clinic("a"));
  await asked;
  directory.startHearing();
  equal(directory.size, 0);
  // Most have not changed: their pools stay, and fit what is found when they are asked for again.
  deepEqual(changed, []);
});

Deno.test("ClinicDirectory lets the clinic go that was not asked for the longest", async () => {
  const { source, directory } = setUp(2);
  for (const id of ["a", "b"]) {
    const asked = directory.byId(id);
    await source.answer(clinic(id));
    await asked;
  }
  await directory.byId("a");
  const asked = directory.byId("c");
  await source.answer(clinic("c"));
  await asked;
  equal(directory.size, 2);
  await directory.byId("a");
  directory.byId("b");
  equal(source.waiting.length, 1);
  await source.answer(clinic("b"));
});
