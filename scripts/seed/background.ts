import type { PatientSeed } from "./french_people.ts";
import { Contacts, pick, type Random } from "./places.ts";

/** Whom to call, who treats and who pays: members of a patient that the names and dates of `PatientSeed` do not have. */
export type BackgroundSeed = Readonly<Record<string, string>>;

const FUNDS = [
  "Assurance maladie (CPAM)",
  "Assurance maladie (CPAM)",
  "Assurance maladie (CPAM)",
  "MSA",
  "CAMIEG",
] as const;

/** Invented. */
const MUTUELLES = [
  "Mutuelle du Ponant",
  "Solidarité Garonne",
  "Prévoyance des Trois-Vallées",
  "Mutuelle Escale",
] as const;

const PHYSICIANS = [
  "Dr Bérénice Aubry",
  "Dr Karim Haddad",
  "Dr Louis de Kerangal",
  "Dr Thi Lan Pham",
] as const;

const RELATIVES = [
  ["conjoint", "Claude"],
  ["sœur", "Agnès"],
  ["fils", "Bastien"],
  ["mère", "Josiane"],
  ["amie", "Nour"],
] as const;

const MAJORITY = 18;

/** The same for the same `random`; a provisional file has nothing of it. */
export function drawBackground(
  random: Random,
  patient: PatientSeed,
  year: number,
): BackgroundSeed {
  if (patient.profileStatus === "provisional" || !patient.birthDate) return {};
  const contacts = new Contacts(random);
  const family = patient.familyName ?? patient.givenNames;
  const age = year - Number(patient.birthDate.slice(0, 4));
  const [relation, name] = pick(random, RELATIVES);
  return {
    ...(age < MAJORITY
      ? {
        legalRepresentativeName: `Josiane ${family}`,
        legalRepresentativePhone: contacts.phone(null),
      }
      : {}),
    ...(random() < 0.6
      ? {
        emergencyContactName: `${name} ${family}`,
        emergencyContactPhone: contacts.phone(null),
        emergencyContactRelation: age < MAJORITY ? "famille" : relation,
      }
      : {}),
    ...(random() < 0.8 ? { treatingPhysician: pick(random, PHYSICIANS) } : {}),
    ...(patient.nir === null ? {} : { insurer: pick(random, FUNDS) }),
    ...(random() < 0.7
      ? {
        complementaryInsurer: pick(random, MUTUELLES),
        complementaryNumber: `${100_000 + Math.floor(random() * 900_000)}`,
        complementaryValidUntil: `${year}-12-31`,
      }
      : {}),
  };
}

const ALLERGIES = [
  {
    substance: "Amoxicilline",
    reaction: "Urticaire généralisée",
    severity: "severe",
  },
  { substance: "Latex", reaction: "Eczéma des mains", severity: "moderate" },
  { substance: "Pollens de graminées", reaction: null, severity: "mild" },
  { substance: "Lidocaïne", reaction: "Malaise, 2018", severity: null },
] as const;

const HISTORIES = [
  { kind: "medical", text: "HTA traitée depuis 2019" },
  { kind: "medical", text: "Diabète de type 2, HbA1c < 7 %" },
  { kind: "surgical", text: "Appendicectomie dans l'enfance" },
  { kind: "family", text: "Mélanome chez le père à 58 ans" },
  { kind: "lifestyle", text: "Tabac sevré en 2020 (15 PA)" },
] as const;

const TREATMENTS = [
  { name: "Bisoprolol 2,5 mg", dosage: "1 le matin" },
  { name: "Metformine 850 mg", dosage: "1 matin et soir" },
  { name: "Lévothyroxine 75 µg", dosage: "1 à jeun" },
  { name: "Rivaroxaban 20 mg", dosage: "1 le soir" },
] as const;

const BLOOD_GROUPS = ["O+", "A+", "B+", "O-", "A-"] as const;

/** What a physician has written of somebody's allergies, history and medication. */
export function drawMedicalSummary(random: Random): object {
  const allergies = some(random, ALLERGIES, 0.35);
  return {
    bloodGroup: random() < 0.3 ? pick(random, BLOOD_GROUPS) : null,
    allergyStatus: allergies.length > 0 ? "known" : "none_known",
    allergies,
    history: some(random, HISTORIES, 0.7),
    medications: some(random, TREATMENTS, 0.5),
    notes: null,
  };
}

function some<T>(random: Random, items: readonly T[], chance: number): T[] {
  return random() < chance ? [pick(random, items)] : [];
}
