import { equal } from "node:assert/strict";
import { parseNir } from "../../src/kernel/nir.ts";
import { Client, type Json, logIn } from "./client.ts";
import {
  appointmentBody,
  appointmentGroupBody,
  confirmedAppointment,
  linkedAppointments,
  reassignment,
  scheduledAppointment,
} from "./generated_appointments.ts";
import { BILLING_BODIES, BILLING_ENTITIES } from "./generated_billing.ts";
import {
  consentRequest,
  consentTemplate,
  draftTemplate,
  linkAnswer,
  linkOpening,
  linkSignature,
  linkWithdrawal,
  pendingConsent,
  signedConsent,
} from "./consents.ts";
import { exportLink, readyExport } from "./exports.ts";
import {
  appointmentType,
  closedDays,
  nthRpps,
  practitioner,
  practitionerWeek,
  resource,
} from "./generated_practice.ts";
import {
  PLATFORM_BODIES,
  PLATFORM_ENTITIES,
  PLATFORM_SENDERS,
} from "./generated_platform.ts";
import {
  codeNow,
  memberWithApp,
  passwordAndCode,
  passwordNow,
  withApp,
  withNewApp,
} from "./generated_second_factor.ts";
import {
  acceptance,
  activeMember,
  invitedMember,
  newcomer,
  passwordChange,
  passwordReset,
  suspendedMember,
} from "./generated_staff.ts";
import {
  careTeamBody,
  careTeamMember,
  draftPrescription,
  emergencyAccess,
  emergencyBody,
  openRecord,
  prescriptionBody,
  recordBody,
  signedRecord,
} from "./records.ts";
import {
  erasedPatient,
  heldPatient,
  restrictedPatient,
} from "./generated_privacy.ts";
import { emailOf, type TestClinic, type World } from "./world.ts";

/** Values of the parameters of a path. */
export type PathValues = Readonly<Record<string, string>>;

/** Where an entity is made, and as whom. */
export interface Place {
  readonly world: World;
  readonly clinic: TestClinic;
  readonly client: Client;
}

type EntityFactory = (place: Place) => Promise<PathValues>;

/**
 * Makes what the parameters in a path name, in a clinic. A path with parameters that begins with none of
 * these fails the run: add it here with the route.
 */
const ENTITIES: Readonly<Record<string, EntityFactory>> = {
  "/v1/patients/{id}": createPatient,
  "/v1/patients/{id}/separate": mergedPatient,
  "/v1/patients/{id}/restriction": restrictedPatient,
  "/v1/patients/{id}/legal-hold": heldPatient,
  "/v1/erasures/{id}": erasedPatient,
  "/v1/appointments/{id}": scheduledAppointment,
  "/v1/appointments/{id}/complete": confirmedAppointment,
  "/v1/appointment-groups/{id}": linkedAppointments,
  "/v1/patients/{id}/care-team/{memberId}": careTeamMember,
  "/v1/emergency-accesses/{id}": emergencyAccess,
  "/v1/records/{id}": openRecord,
  "/v1/records/{id}/amend": signedRecord,
  "/v1/prescriptions/{id}": draftPrescription,
  "/v1/consent-templates/{id}": draftTemplate,
  "/v1/consents/{id}": pendingConsent,
  "/v1/consents/{id}/withdraw": signedConsent,
  "/v1/exports/{id}": readyExport,
  "/v1/auth/sessions/{id}": openSession,
  "/v1/clinic/closed-days/{id}": closedDays,
  "/v1/practitioners/{id}": practitioner,
  "/v1/practitioners/{id}/weeks/{week}": practitionerWeek,
  "/v1/appointment-types/{id}": appointmentType,
  "/v1/resources/{id}": resource,
  "/v1/staff/{id}": activeMember,
  "/v1/staff/{id}/invitation": invitedMember,
  "/v1/staff/{id}/reactivate": suspendedMember,
  "/v1/staff/{id}/clear-second-factor": memberWithApp,
  ...BILLING_ENTITIES,
  ...PLATFORM_ENTITIES,
};

/** Bodies that must name something that exists; all others are the document's examples. */
const BODIES: Readonly<Record<string, (place: Place) => unknown>> = {
  mergePatients: async (place) => ({
    patientId: (await createPatient(place)).id,
  }),
  bookAppointment: appointmentBody,
  reassignAppointments: reassignment,
  bookAppointmentGroup: appointmentGroupBody,
  addCareTeamMember: careTeamBody,
  openEmergencyAccess: emergencyBody,
  createRecord: recordBody,
  createPrescription: prescriptionBody,
  changePrescription: () => ({ notes: "À jeun." }),
  createConsentTemplate: consentTemplate,
  requestConsent: consentRequest,
  sendConsentLink: () => ({ delivery: "hand" }),
  openConsentLink: linkOpening,
  signConsentByLink: linkSignature,
  refuseConsentByLink: linkAnswer,
  withdrawConsentByLink: linkWithdrawal,
  requestPatientExport: ({ clinic }) => ({ currentPassword: clinic.password }),
  sendExportLink: () => ({ delivery: "hand" }),
  fetchPatientExport: exportLink,
  login: ({ clinic }) => credentialsOf(clinic),
  refreshSession: newRefreshToken,
  logout: newRefreshToken,
  forgotPassword: ({ clinic }) => ({
    clinic: clinic.slug,
    email: emailOf("secretary"),
  }),
  resetPassword: passwordReset,
  acceptInvitation: acceptance,
  changePassword: passwordChange,
  enrolSecondFactor: passwordNow,
  confirmSecondFactor: codeNow,
  renewRecoveryCodes: codeNow,
  disableSecondFactor: passwordAndCode,
  ...BILLING_BODIES,
  ...PLATFORM_BODIES,
};

/** Operations that change the account of whoever calls them: it must not be one that other tests need. */
const SENDERS: Readonly<Record<string, (place: Place) => Promise<Client>>> = {
  changePassword: newcomer,
  enrolSecondFactor: newcomer,
  confirmSecondFactor: withNewApp,
  renewRecoveryCodes: withApp,
  disableSecondFactor: withApp,
  ...PLATFORM_SENDERS,
};

/** Members that no two requests may have in common. */
const UNIQUE: Readonly<Record<string, (n: number) => unknown>> = {
  nir: nthNir,
  rpps: nthRpps,
  email: (n) => `person-${n}@clinic.test`,
  phone: (n) => `+336${String(n).padStart(8, "0")}`,
};

let made = 0;

/** The factory for a path; `undefined` when a parameter of it would have no value. */
export function entityFactory(path: string): EntityFactory | undefined {
  const prefix = Object.keys(ENTITIES)
    .filter((each) => path === each || path.startsWith(`${each}/`))
    .sort((a, b) => b.length - a.length)[0];
  if (prefix === undefined || count(prefix) < count(path)) return undefined;
  return ENTITIES[prefix];
}

/** A body of an operation that stands in for its example; `undefined` when the example will do. */
export async function bodyFor(
  operationId: string,
  place: Place,
): Promise<unknown> {
  return await BODIES[operationId]?.(place);
}

/** Who must send the request, if not just anybody who may. */
export async function senderFor(
  operationId: string,
  place: Place,
): Promise<Client | undefined> {
  return await SENDERS[operationId]?.(place);
}

/** The example with new values where two requests may not have the same. */
export function freshened(example: unknown): unknown {
  if (Array.isArray(example)) return example.map((each) => freshened(each));
  if (typeof example !== "object" || example === null) return example;
  return Object.fromEntries(
    Object.entries(example).map(([name, value]) => [
      name,
      UNIQUE[name]?.(++made) ?? freshened(value),
    ]),
  );
}

/** One that has become part of another. */
async function mergedPatient(place: Place): Promise<PathValues> {
  const [kept, merged] = [
    await createPatient(place),
    await createPatient(place),
  ];
  const { status, text } = await place.client.post(
    `/v1/patients/${kept.id}/merge`,
    { patientId: merged.id },
    { "if-match": "*" },
  );
  equal(status, 200, text);
  return merged;
}

async function createPatient({ client }: Place): Promise<PathValues> {
  const { status, body } = await client.post(
    "/v1/patients",
    {
      profileStatus: "complete",
      givenNames: "Zoë",
      familyName: "Le Goff",
      birthDate: "1987-04-23",
    },
    { "idempotency-key": crypto.randomUUID() },
  );
  equal(status, 201, JSON.stringify(body));
  return { id: body.id };
}

/** A session of the same person, which may be ended. */
async function openSession({ world, clinic }: Place): Promise<PathValues> {
  const { token } = await logIn(world, clinic);
  const payload = Uint8Array.fromBase64(token.split(".")[1]!, {
    alphabet: "base64url",
  });
  return { id: JSON.parse(new TextDecoder().decode(payload)).sid };
}

async function newRefreshToken({ world, clinic }: Place): Promise<Json> {
  const { body } = await new Client(world.url).post(
    "/v1/auth/login",
    credentialsOf(clinic),
  );
  return { refreshToken: body.refreshToken };
}

function credentialsOf({ slug, password }: TestClinic): Json {
  return { clinic: slug, email: emailOf("admin"), password };
}

function nthNir(n: number): string {
  const year = String(n % 100).padStart(2, "0");
  const order = String(1 + Math.floor(n / 100) % 999).padStart(3, "0");
  const digits = `2${year}1099126${order}`;
  const key = String(97 - Number(digits) % 97).padStart(2, "0");
  const parsed = parseNir(digits + key);
  equal(parsed.ok, true, digits + key);
  return digits + key;
}

function count(path: string): number {
  return path.split("{").length;
}
