import assert from "node:assert/strict";
import { cleanText } from "../../src/kernel/text.ts";
import { parseNir } from "../../src/kernel/nir.ts";
import {
  frenchPatients,
  type PatientSeed,
  seededRandom,
} from "../../scripts/seed/french_people.ts";
import {
  CORSICAN,
  FOREIGN,
  METROPOLITAN,
  nirPlace,
  OVERSEAS,
} from "../../scripts/seed/places.ts";

const TODAY = "2026-01-15";
const SEEDS = ["demo", "a", "b", "cabinet des Lilas", ""];
const patients = frenchPatients("demo", 200);
const complete = patients.filter((one) => one.profileStatus === "complete");
const homes = [...METROPOLITAN, ...CORSICAN, ...OVERSEAS];

function some(list: PatientSeed[], label: string, at = 1): void {
  assert.ok(list.length >= at, `${label}: ${list.length}`);
}

function ageOf(patient: PatientSeed): number {
  const [birth, today] = [patient.birthDate ?? "", TODAY];
  const years = Number(today.slice(0, 4)) - Number(birth.slice(0, 4));
  return birth.slice(5) > today.slice(5) ? years - 1 : years;
}

/** The five characters for which a NIR may stand, by the name of the place and the year of birth. */
function placesOf(birthPlace: string, year: number): string[] {
  const foreign = Object.values(FOREIGN).flat();
  return [...homes, ...foreign]
    .filter((one) => one.birthPlace === birthPlace && one.since <= year)
    .map((one) => nirPlace(one.insee, year));
}

Deno.test("frenchPatients gives the same patients for the same seed, and others for another", () => {
  assert.deepEqual(frenchPatients("demo", 200), patients);
  assert.deepEqual(frenchPatients("demo", 200, TODAY), patients);
  assert.notDeepEqual(frenchPatients("other", 200), patients);
  assert.deepEqual(frenchPatients("demo", 60), patients.slice(0, 60));
  assert.deepEqual(frenchPatients("demo", 0), []);
});

Deno.test("seededRandom repeats its numbers, spread between 0 and 1", () => {
  const [one, two] = [seededRandom("é"), seededRandom("é")];
  const numbers = Array.from({ length: 10_000 }, one);
  assert.deepEqual(Array.from({ length: 10_000 }, two), numbers);
  assert.ok(numbers.every((n) => n >= 0 && n < 1));
  const mean = numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
  assert.ok(Math.abs(mean - 0.5) < 0.02, String(mean));
});

Deno.test("every NIR is valid and agrees with sex, birth date and birth place", () => {
  for (const patient of SEEDS.flatMap((seed) => frenchPatients(seed, 200))) {
    const { nir, birthDate, birthPlace, sex } = patient;
    if (nir === null) continue;
    assert.ok(birthDate !== null && birthPlace !== null);
    assert.deepEqual(parseNir(nir), { ok: true, nir });
    assert.equal(nir[0], sex === "male" ? "1" : "2");
    assert.equal(
      nir.slice(1, 5),
      birthDate.slice(2, 4) + birthDate.slice(5, 7),
    );
    const places = placesOf(birthPlace, Number(birthDate.slice(0, 4)));
    assert.ok(places.includes(nir.slice(5, 10)), `${birthPlace} ${nir}`);
  }
});

Deno.test("no NIR and no e-mail address comes twice, also among many patients", () => {
  const many = frenchPatients("demo", 5000);
  for (const field of ["nir", "email"] as const) {
    const values = many.map((one) => one[field]).filter((one) => one !== null);
    assert.equal(new Set(values).size, values.length, field);
    assert.ok(values.length > 2500, field);
  }
  const people = many.filter((one) => one.birthDate !== null).map((one) =>
    [one.givenNames, one.familyName, one.birthDate, one.city].join("|")
  );
  assert.equal(new Set(people).size, people.length);
});

Deno.test("ages run from 0 to 101 with every ten years between", () => {
  for (const seed of SEEDS) {
    const ages = frenchPatients(seed, 200)
      .filter((one) => one.birthDate !== null).map(ageOf);
    assert.ok(ages.every((age) => age >= 0 && age <= 101), seed);
    assert.ok(ages.includes(0), seed);
    const decades = new Set(ages.map((age) => Math.floor(age / 10)));
    for (let decade = 0; decade < 10; decade++) {
      assert.ok(decades.has(decade), `${seed}: ${decade}`);
    }
  }
});

Deno.test("patients are born before the given day, whatever it is", () => {
  for (const today of ["2024-02-29", "1999-12-31", "2040-03-01"]) {
    for (const { birthDate } of frenchPatients("demo", 200, today)) {
      assert.ok(birthDate === null || birthDate <= today, today);
    }
  }
});

Deno.test("names have accents, hyphens, particles, apostrophes and double names", () => {
  for (const seed of SEEDS) {
    const all = frenchPatients(seed, 200);
    const family = all.filter((one) => one.familyName !== null);
    const matching = (pattern: RegExp) =>
      family.filter((one) => pattern.test(one.familyName ?? ""));
    some(all.filter((one) => /[ëïÉéôœ]/.test(one.givenNames)), "accents", 20);
    some(all.filter((one) => /\p{L}-\p{L}/u.test(one.givenNames)), "hyphen", 5);
    some(matching(/^(de|du|des|d'|Le|La|L') ?\p{L}/u), "particle", 4);
    some(matching(/'/), "apostrophe");
    some(matching(/\p{L}-\p{Lu}/u), "double name", 2);
  }
});

Deno.test("names come from Brittany, Corsica, overseas and the countries people came from", () => {
  const names = new Set(
    SEEDS.flatMap((seed) => frenchPatients(seed, 200))
      .flatMap((one) => [one.familyName, one.birthName]),
  );
  const expected =
    "Nguyen, Ben Youssef, da Silva, Kowalczyk, Traoré, Casanova, Le Goff, Hoarau";
  for (const name of expected.split(", ")) assert.ok(names.has(name), name);
});

Deno.test("married women may bear another name than at birth, nobody else does", () => {
  const renamed = patients.filter((one) => one.birthName !== null);
  some(renamed, "birth names", 15);
  for (const one of renamed) {
    assert.equal(one.sex, "female");
    assert.notEqual(one.birthName, one.familyName);
    assert.ok(ageOf(one) >= 25);
  }
});

Deno.test("there are twins with one family name, birth and home, and homonyms born on other days", () => {
  for (const seed of SEEDS) {
    const all = frenchPatients(seed, 200)
      .filter((one) => one.profileStatus === "complete");
    const pairs = all.flatMap((one, i) =>
      all.slice(i + 1).filter((other) => other.familyName === one.familyName)
        .map((other) => [one, other] as const)
    );
    const twins = pairs.filter(([one, other]) =>
      one.birthDate === other.birthDate && one.birthName === null &&
      one.addressLine1 === other.addressLine1 &&
      one.givenNames !== other.givenNames && one.nir !== other.nir
    );
    const homonyms = pairs.filter(([one, other]) =>
      one.givenNames === other.givenNames && one.birthDate !== other.birthDate
    );
    assert.ok(twins.length >= 4, `${seed}: ${twins.length}`);
    assert.ok(homonyms.length >= 4, `${seed}: ${homonyms.length}`);
  }
});

Deno.test("births in Corsica before and after 1976, overseas and abroad have their own codes", () => {
  assert.equal(nirPlace("2A004", 1975), "20004");
  assert.equal(nirPlace("2B033", 1976), "2B033");
  for (const seed of SEEDS) {
    const all = frenchPatients(seed, 200);
    const born = (pattern: RegExp) =>
      all.filter((one) => pattern.test(one.nir?.slice(5, 10) ?? ""));
    some(born(/^2[AB]/), "2A and 2B", 4);
    some(born(/^20/), "20", 4);
    some(born(/^97/), "overseas", 4);
    some(born(/^99/), "abroad", 4);
    assert.ok(born(/^2[AB]/).every((one) => (one.birthDate ?? "") >= "1976"));
    assert.ok(born(/^20/).every((one) => (one.birthDate ?? "9") < "1976"));
  }
});

Deno.test("four in a hundred are provisional: a given name and a telephone, nothing else", () => {
  const provisional = patients.filter((one) =>
    one.profileStatus === "provisional"
  );
  assert.equal(provisional.length, 8);
  for (
    const { givenNames, phone, profileStatus, sex, ...rest } of provisional
  ) {
    assert.ok(givenNames !== "" && phone !== null);
    assert.deepEqual([profileStatus, sex], ["provisional", "unknown"]);
    assert.ok(Object.values(rest).every((value) => value === null));
  }
});

Deno.test("complete patients have an identity and a true address; some lack mail, telephone or NIR", () => {
  for (const one of complete) {
    assert.ok(one.familyName !== null && one.birthDate !== null);
    assert.ok(one.birthPlace !== null && one.addressLine1 !== null);
    assert.notEqual(one.sex, "unknown");
    assert.deepEqual([one.countryCode, one.preferredLanguage], ["FR", "fr"]);
    assert.ok(
      homes.some((home) =>
        home.city === one.city && home.postalCode === one.postalCode
      ),
    );
  }
  for (const field of ["email", "phone", "nir", "addressLine2"] as const) {
    some(complete.filter((one) => one[field] === null), field, 4);
    some(complete.filter((one) => one[field] !== null), field, 20);
  }
  some(complete.filter((one) => !one.email && !one.phone), "unreachable", 4);
});

Deno.test("telephones and e-mail addresses are only those reserved for fiction", () => {
  const phone = /^\+33(?:19900|26191|35301|46571|53649|63998)\d{4}$/;
  for (const one of SEEDS.flatMap((seed) => frenchPatients(seed, 200))) {
    if (one.phone !== null) assert.match(one.phone, phone);
    if (one.email !== null) {
      assert.match(
        one.email,
        /^[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*\d*@example\.(?:org|com|net)$/,
      );
    }
  }
  const ranges = new Set(patients.map((one) => one.phone?.slice(0, 8)));
  assert.ok(ranges.size >= 5);
});

Deno.test("every text of a patient is already in the form that is stored", () => {
  for (const value of patients.flatMap((one) => Object.values(one))) {
    if (value !== null) assert.deepEqual(cleanText(value), { text: value });
  }
});

Deno.test("places have a postal code and an INSEE code that agree, and none comes twice", () => {
  assert.ok(new Set(homes.map((home) => home.city)).size >= 60);
  assert.equal(new Set(homes.map((home) => home.insee)).size, homes.length);
  for (const { city, insee, postalCode } of homes) {
    assert.match(postalCode, /^\d{5}$/);
    assert.match(insee, /^(?:\d{2}|2[AB])\d{3}$/);
    const department = insee.replace(/^2[AB]/, "20").slice(0, 2);
    assert.equal(postalCode.slice(0, 2), department, city);
  }
});

Deno.test("frenchPatients refuses a count or a day that makes no sense", () => {
  for (const count of [-1, 1.5, NaN, Infinity]) {
    assert.throws(() => frenchPatients("demo", count), RangeError);
  }
  assert.throws(() => frenchPatients("demo", 1, "yesterday"), RangeError);
});
