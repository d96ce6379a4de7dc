import { equal } from "node:assert/strict";
import type { Json } from "./client.ts";
import type { PathValues, Place } from "./generated_entities.ts";
import { put, weekOf } from "./practice.ts";

export function closedDays(place: Place): Promise<PathValues> {
  return made(place, "/v1/clinic/closed-days", {
    firstDay: "2027-08-02",
    lastDay: "2027-08-15",
  });
}

export function practitioner(place: Place): Promise<PathValues> {
  return made(place, "/v1/practitioners", {
    givenNames: "Hélène",
    familyName: "Marchetti",
    profession: "Dermatologist",
  });
}

/** A week that has hours of its own. */
export async function practitionerWeek(place: Place): Promise<PathValues> {
  const { id } = await practitioner(place);
  const values = { id: id!, week: "2027-W12" };
  const path = `/v1/practitioners/${id}/weeks/${values.week}`;
  const answer = await put(place.client, path, { hours: weekOf() });
  equal(answer.status, 200, answer.text);
  return values;
}

export function appointmentType(place: Place): Promise<PathValues> {
  const type = { name: "Consultation", durationMinutes: 30 };
  return made(place, "/v1/appointment-types", type);
}

export function resource(place: Place): Promise<PathValues> {
  return made(place, "/v1/resources", { name: "Laser", kind: "machine" });
}

/** Eleven digits; most of them without the check digit, which is no reason to refuse them. */
export function nthRpps(n: number): string {
  return String(10_000_000_000 + n);
}

async function made(
  { client }: Place,
  path: string,
  body: Json,
): Promise<PathValues> {
  const answer = await client.post(path, body, {
    "idempotency-key": crypto.randomUUID(),
  });
  equal(answer.status, 201, answer.text);
  return { id: answer.body.id };
}
