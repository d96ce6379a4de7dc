import { nirKey } from "../../src/kernel/nir.ts";
import {
  drawAge,
  drawGivenNames,
  drawNames,
  drawOrigin,
  mailName,
  type Names,
  type NameStyle,
  type Origin,
  ORIGINS,
} from "./names.ts";
import {
  type Birthplace,
  Contacts,
  drawBirthPlace,
  drawHome,
  drawStreet,
  nirPlace,
  type Random,
  seededRandom,
} from "./places.ts";

export { type Random, seededRandom };

/** A patient who never existed, as the API takes it; `birthName` is given where it isn't the name in use. */
export interface PatientSeed extends Names {
  profileStatus: "provisional" | "complete";
  sex: "female" | "male" | "unknown";
  birthDate: string | null;
  birthPlace: string | null;
  nir: string | null;
  email: string | null;
  phone: string | null;
  addressLine1: string | null;
  addressLine2: string | null;
  postalCode: string | null;
  city: string | null;
  countryCode: string | null;
  preferredLanguage: string | null;
}

interface Case {
  kind?: "provisional" | "second twin" | "homonym" | "unreachable";
  ages?: readonly [number, number];
  /** Years of birth, where they matter more than the age. */
  born?: readonly [number, number];
  where?: Birthplace;
  origin?: Origin;
  style?: NameStyle;
}

const ORDINARY: Case = {};

/** Rare cases stand at fixed places in each fifty, so that a small set has them too; two are provisional. */
const CASES: ReadonlyMap<number, Case> = new Map<number, Case>([
  [3, { ages: [0, 0] }],
  [6, { ages: [1, 30], style: "maiden" }],
  [7, { kind: "second twin" }],
  [9, { style: "particle" }],
  [12, { kind: "provisional" }],
  [14, { style: "double" }],
  [18, { kind: "homonym" }],
  [21, { ages: [30, 80], style: "married" }],
  [23, { born: [1977, 2020], where: "corsica", origin: ORIGINS.corsica }],
  [24, { born: [1940, 1975], where: "corsica", origin: ORIGINS.corsica }],
  [29, { ages: [0, 70], where: "overseas", origin: ORIGINS.overseas }],
  [33, { ages: [96, 101] }],
  [37, { kind: "provisional" }],
  [41, { ages: [25, 60], where: "abroad" }],
  [45, { kind: "unreachable" }],
]);

/**
 * `count` invented patients of a French practice, always the same for the same `seed` and `today` (YYYY-MM-DD);
 * a smaller count gives the beginning of a larger one. No NIR and no e-mail address comes twice.
 *
 * The NIRs are well formed, so one may happen to be a living person's: never send them to the health insurance.
 *
 * @throws {RangeError} when `count` isn't a whole number from 0, or `today` isn't a date.
 */
export function frenchPatients(
  seed: string,
  count: number,
  today = "2026-01-15",
): PatientSeed[] {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError("Cannot make patients: count must be 0 or more");
  }
  const practice = new Practice(seededRandom(seed), today);
  const patients: PatientSeed[] = [];
  for (let i = 0; i < count; i++) {
    const wanted = CASES.get(i % 50) ?? ORDINARY;
    patients.push(practice.patient(wanted, patients.at(-1)));
  }
  return patients;
}

class Practice {
  readonly #random: Random;
  readonly #today: Date;
  readonly #nirs = new Set<string>();
  readonly #contacts: Contacts;

  constructor(random: Random, today: string) {
    this.#random = random;
    this.#contacts = new Contacts(random);
    this.#today = new Date(`${today}T00:00:00Z`);
    if (Number.isNaN(this.#today.getTime())) {
      throw new RangeError("Cannot make patients: today must be YYYY-MM-DD");
    }
  }

  patient(wanted: Case, previous: PatientSeed | undefined): PatientSeed {
    const { kind } = wanted;
    if (kind === "provisional") return this.#provisional();
    if (kind === "second twin" && previous?.nir && previous.birthDate) {
      return this.#twinOf(previous, previous.nir, previous.birthDate);
    }
    const namesake = kind === "homonym" ? previous : undefined;
    const age = this.#age(wanted, namesake);
    const birthDate = this.#birthDate(age);
    const year = Number(birthDate.slice(0, 4));
    const drawn = drawOrigin(this.#random, wanted.where === "abroad");
    const origin = wanted.origin ?? (namesake ? ORIGINS.france : drawn);
    const style = wanted.style ?? "usual";
    const sex = this.#sex(style === "married" ? "female" : namesake?.sex);
    const names = namesake ??
      drawNames(this.#random, style, origin, sex, year, age);
    const native = this.#chance(age > 15 ? 0.6 : 0.1);
    const where = wanted.where ?? (native ? origin.home : "metropolis");
    const born = drawBirthPlace(this.#random, where, year, origin.countries);
    const place = nirPlace(born.insee, year);
    const insured = wanted !== ORDINARY || this.#chance(0.88);
    const home = drawHome(this.#random, born);
    const [addressLine1, addressLine2] = drawStreet(this.#random);
    const reachable = kind !== "unreachable";
    const mails = age < 15 ? 0 : age < 65 ? 0.88 : age < 80 ? 0.65 : 0.3;
    const mailed = reachable && this.#chance(mails);
    const called = reachable && this.#chance(0.94);
    return {
      profileStatus: "complete",
      givenNames: names.givenNames,
      familyName: names.familyName,
      birthName: names.birthName,
      sex,
      birthDate,
      birthPlace: born.birthPlace,
      nir: insured ? this.#nir(sex, birthDate, place) : null,
      email: mailed ? this.#contacts.email(mailName(names)) : null,
      phone: called ? this.#contacts.phone(home.zone) : null,
      addressLine1,
      addressLine2,
      postalCode: home.postalCode,
      city: home.city,
      countryCode: "FR",
      preferredLanguage: "fr",
    };
  }

  /** Someone who called for an appointment: one given name and a mobile number. */
  #provisional(): PatientSeed {
    const year = this.#today.getUTCFullYear() - this.#between(18, 80);
    const { france } = ORIGINS;
    const given = drawGivenNames(this.#random, france, this.#sex(), year);
    return {
      profileStatus: "provisional",
      givenNames: given.replace(/ .*/, ""),
      familyName: null,
      birthName: null,
      sex: "unknown",
      birthDate: null,
      birthPlace: null,
      nir: null,
      email: null,
      phone: this.#contacts.phone(null),
      addressLine1: null,
      addressLine2: null,
      postalCode: null,
      city: null,
      countryCode: null,
      preferredLanguage: null,
    };
  }

  /** Shares family name, birth, home and telephone with `first`, and has the next order in the register. */
  #twinOf(first: PatientSeed, nir: string, birthDate: string): PatientSeed {
    const sex = this.#sex();
    const year = Number(birthDate.slice(0, 4));
    let { givenNames } = first;
    while (givenNames === first.givenNames) {
      givenNames = drawGivenNames(this.#random, ORIGINS.france, sex, year);
    }
    const order = Number(nir.slice(10, 13)) + 1;
    const own = this.#nir(sex, birthDate, nir.slice(5, 10), order);
    return { ...first, givenNames, sex, nir: own, email: null };
  }

  #age(wanted: Case, namesake: PatientSeed | undefined): number {
    const year = this.#today.getUTCFullYear();
    if (namesake?.birthDate) {
      const near = year - Number(namesake.birthDate.slice(0, 4));
      return near + this.#between(2, 5) * (near > 50 ? -1 : 1);
    }
    if (wanted.ages) return this.#between(...wanted.ages);
    if (!wanted.born) return drawAge(this.#random);
    // The birthday may still be to come, so the year of birth is `year - age` or the one before.
    const [first, last] = wanted.born;
    return Math.max(0, year - this.#between(first + 1, last));
  }

  #birthDate(age: number): string {
    const date = new Date(this.#today);
    date.setUTCFullYear(date.getUTCFullYear() - age);
    date.setUTCDate(date.getUTCDate() - this.#between(0, 364));
    return date.toISOString().slice(0, 10);
  }

  #nir(
    sex: "female" | "male",
    birthDate: string,
    place: string,
    order = this.#between(1, 999),
  ): string | null {
    const start = (sex === "male" ? "1" : "2") +
      birthDate.slice(2, 4) + birthDate.slice(5, 7) + place;
    for (let i = 0; i < 999; i++) {
      const serial = String((order + i - 1) % 999 + 1).padStart(3, "0");
      const nir = start + serial + nirKey(start + serial);
      if (this.#nirs.has(nir)) continue;
      this.#nirs.add(nir);
      return nir;
    }
    return null;
  }

  #sex(known?: PatientSeed["sex"]): "female" | "male" {
    if (known === "female" || known === "male") return known;
    return this.#chance(0.54) ? "female" : "male";
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #between(min: number, max: number): number {
    return min + Math.floor(this.#random() * (max - min + 1));
  }
}
