import type { Client, Json } from "./client.ts";
import { clientOf, make, newPatient } from "./consents.ts";
import type { PathValues, Place } from "./generated_entities.ts";

export const NOTE = {
  kind: "consultation",
  date: "2026-04-02",
  title: "Contrôle",
  text: "TA < 120/80 > 70 🩺",
} as const;

export const LINE = {
  medication: "Paracétamol 1 g",
  dosage: "3 fois par jour",
} as const;

function physicianOf({ world, clinic }: Place): Promise<Client> {
  return clientOf(world, clinic, "physician");
}

/** The body of `createRecord`. */
export async function recordBody(place: Place): Promise<Json> {
  return { ...NOTE, patientId: await newPatient(await physicianOf(place)) };
}

export async function openRecord(place: Place): Promise<PathValues> {
  const physician = await physicianOf(place);
  const { id } = await make(physician, "/v1/records", await recordBody(place));
  return { id };
}

export async function signedRecord(place: Place): Promise<PathValues> {
  const { id } = await openRecord(place);
  await make(await physicianOf(place), `/v1/records/${id}/sign`);
  return { id: id! };
}

/** The body of `createPrescription`. */
export async function prescriptionBody(place: Place): Promise<Json> {
  const patientId = await newPatient(await physicianOf(place));
  return { patientId, lines: [LINE] };
}

export async function draftPrescription(place: Place): Promise<PathValues> {
  const physician = await physicianOf(place);
  const body = await prescriptionBody(place);
  const { id } = await make(physician, "/v1/prescriptions", body);
  return { id };
}

/** Somebody of the staff, by their role. */
export async function staffId(
  { world, clinic }: Omit<Place, "client">,
  role: "nurse" | "practitioner" | "physician",
): Promise<string> {
  const client = await clientOf(world, clinic, role);
  return (await client.get("/v1/auth/me")).body.id;
}

/** The body of `addCareTeamMember`. */
export async function careTeamBody(place: Place): Promise<Json> {
  return { staffId: await staffId(place, "nurse"), reason: "Pansements." };
}

export async function careTeamMember(place: Place): Promise<PathValues> {
  const admin = await clientOf(place.world, place.clinic, "admin");
  const id = await newPatient(admin);
  const path = `/v1/patients/${id}/care-team`;
  const member = await make(admin, path, await careTeamBody(place));
  return { id, memberId: member.id };
}

/** The body of `openEmergencyAccess`. */
export async function emergencyBody(place: Place): Promise<Json> {
  const patientId = await newPatient(await physicianOf(place));
  return { patientId, reason: "Malaise en salle d'attente." };
}

export async function emergencyAccess(place: Place): Promise<PathValues> {
  const physician = await physicianOf(place);
  const body = await emergencyBody(place);
  const { id } = await make(physician, "/v1/emergency-accesses", body);
  return { id };
}
