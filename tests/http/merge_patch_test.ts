import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { type Client, logIn } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let client: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  client = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

type Members = Record<string, unknown>;

/** RFC 7396 section 2, as it stands there, for a target without objects inside: null removes, the rest replaces. */
function mergePatch(target: Members, patch: Members): Members {
  const result = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    result[name] = value; // a member that was removed is shown as null
  }
  return result;
}

const name = fc.stringMatching(/^[A-Za-zÀ-ÖØ-öø-ÿ]{1,20}$/)
  .map((text) => text.normalize("NFC"));
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

const patch = fc.record({
  givenNames: name,
  sex: fc.constantFrom("female", "male", "unknown"),
  birthName: orNull(name),
  birthPlace: orNull(name),
  email: orNull(name.map(() => "zoe.legoff@example.org")),
  phone: orNull(fc.integer({ min: 1e8, max: 9e8 }).map((n) => `+33${n}`)),
  addressLine1: orNull(name),
  city: orNull(name),
  countryCode: orNull(fc.constantFrom("FR", "CH", "BE")),
  preferredLanguage: orNull(fc.constantFrom("fr", "fr-CH", "en")),
}, { requiredKeys: [] });

let people = 0;

/** Somebody else each time: two files with one name, birth date and e-mail address are one person's, and refused. */
function birthDateOfSomebodyElse(): string {
  const day = new Date(Date.UTC(1950, 0, ++people));
  return day.toISOString().slice(0, 10);
}

/** What the server alone decides. */
function withoutStamps(patient: Members): Members {
  const { version: _version, updatedAt: _updatedAt, ...rest } = patient;
  return rest;
}

Deno.test("merge patch: any series of patches leaves what RFC 7396 says, and every version once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(patch, { minLength: 1, maxLength: 6 }),
      async (patches) => {
        const made = await client.post("/v1/patients", {
          profileStatus: "complete",
          givenNames: "Zoë",
          familyName: "Le Goff",
          birthDate: birthDateOfSomebodyElse(),
        });
        const path = made.headers.get("location")!;
        let expected = withoutStamps(made.body);
        let etag = made.headers.get("etag")!;
        let version = 1;
        for (const members of patches) {
          const answer = await client.patch(path, members, etag);
          equal(answer.status, 200, answer.text);
          expected = mergePatch(expected, members);
          deepEqual(withoutStamps(answer.body), expected);
          if (Object.keys(members).length > 0) version++;
          equal(answer.body.version, version);
          etag = answer.headers.get("etag")!;
          equal(etag, `"${version}"`);
        }
        const read = await client.get(path);
        deepEqual(withoutStamps(read.body), expected);
        equal(read.headers.get("etag"), etag);
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("merge patch: a patch that is refused changes nothing", async () => {
  const made = await client.post("/v1/patients", {
    profileStatus: "complete",
    givenNames: "Zoë",
    familyName: "Le Goff",
    birthDate: birthDateOfSomebodyElse(),
    city: "Brest",
  });
  const path = made.headers.get("location")!;
  const wrong: unknown[] = [
    { givenNames: null },
    { sex: null },
    { familyName: null },
    { city: "Lyon", nickname: "Zo" },
    { city: "Lyon", id: crypto.randomUUID() },
    { city: "Lyon", version: 7 },
    { city: "Lyon", archivedAt: null },
    { city: ["Lyon"] },
    { city: { name: "Lyon" } },
    [],
    null,
    "city",
  ];
  for (const members of wrong) {
    const { status } = await client.patch(path, members, '"1"');
    equal(status >= 400 && status < 500, true, JSON.stringify(members));
  }
  deepEqual((await client.get(path)).body, made.body);
});
