import { equal } from "node:assert/strict";
import { clientOf, newPatient } from "./consents.ts";
import type { PathValues, Place } from "./generated_entities.ts";
import { erase } from "./whole_person.ts";

export function restrictedPatient(place: Place): Promise<PathValues> {
  return placedOn(place, "restriction");
}

export function heldPatient(place: Place): Promise<PathValues> {
  return placedOn(place, "legal-hold");
}

/** The certificate of somebody who was erased. */
export async function erasedPatient(
  { world, clinic }: Place,
): Promise<PathValues> {
  const admin = await clientOf(world, clinic, "admin");
  const { id } = await erase(admin, await newPatient(admin));
  return { id };
}

async function placedOn(
  { world, clinic }: Place,
  what: string,
): Promise<PathValues> {
  const admin = await clientOf(world, clinic, "admin");
  const id = await newPatient(admin);
  const { status, text } = await admin.send(
    "PUT",
    `/v1/patients/${id}/${what}`,
    { body: { reason: "Contesté" } },
  );
  equal(status, 200, text);
  return { id };
}
