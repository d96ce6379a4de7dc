import type { StaffRole } from "../../src/kernel/permissions.ts";

/** Somebody who works in a demo clinic. */
export interface DemoStaff {
  readonly role: StaffRole;
  readonly givenNames: string;
  readonly familyName: string;
}

/** A clinic that the first start of the dev stack makes; its admin comes first. */
export interface DemoClinic {
  readonly slug: string;
  readonly name: string;
  readonly phone: string;
  readonly admin: DemoStaff;
  readonly staff: readonly DemoStaff[];
}

/** Telephone numbers that ARCEP keeps for works of fiction (decision 2018-0881, 2.5.12). */
export const DEMO_CLINICS: readonly DemoClinic[] = [
  {
    slug: "clinique-des-lilas",
    name: "Clinique des Lilas",
    phone: "+33199004217",
    admin: person("admin", "Camille", "Besson"),
    staff: [
      person("physician", "Hélène", "Vasseur"),
      person("practitioner", "Mathieu", "Le Gall"),
      person("nurse", "Aïcha", "Benali"),
      person("secretary", "Sophie", "Nguyen"),
      person("readonly", "Paul", "Girard"),
    ],
  },
  {
    slug: "centre-du-port",
    name: "Centre médical du Port",
    phone: "+33465711280",
    admin: person("admin", "Nicolas", "Ferreira"),
    staff: [
      person("physician", "Anne-Laure", "d'Amico"),
      person("practitioner", "Jean-François", "Colonna"),
      person("nurse", "Mariam", "Traoré"),
      person("secretary", "Zoé", "Lemoine"),
      person("readonly", "Théo", "Marchand"),
    ],
  },
];

/** Who runs the platform. */
export const PLATFORM_USER = {
  email: "operator@cloison.example",
  displayName: "Dominique Perrin",
};

/** Patients that each demo clinic starts with. */
export const PATIENTS_PER_CLINIC = 200;

/** The address of an account is its role's, so that it is easy to type. */
export function demoEmail(clinic: DemoClinic, role: StaffRole): string {
  return `${role}@${clinic.slug}.example`;
}

function person(
  role: StaffRole,
  givenNames: string,
  familyName: string,
): DemoStaff {
  return { role, givenNames, familyName };
}
