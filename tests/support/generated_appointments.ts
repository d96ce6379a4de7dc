import { equal } from "node:assert/strict";
import {
  addPractitioner,
  book,
  type Bookable,
  bookable,
  booking,
  move,
} from "./appointments.ts";
import type { Json } from "./client.ts";
import type { PathValues, Place } from "./generated_entities.ts";

/** Mondays, at 10 o'clock in Paris. */
const FIRST = "2026-03-23T09:00:00Z";
const SECOND = "2026-03-30T08:00:00Z";

const known = new Map<string, Promise<Bookable>>();

/** The body of `bookAppointment`. */
export async function appointmentBody(place: Place): Promise<Json> {
  const from = await atLeisure(place);
  return booking(from, { startsAt: FIRST, resourceIds: [], note: "Première" });
}

/** The body of `bookAppointmentGroup`. */
export async function appointmentGroupBody(place: Place): Promise<Json> {
  const { patientId, practitionerId, typeId } = await atLeisure(place);
  return {
    patientId,
    appointments: [FIRST, SECOND].map((startsAt) => ({
      practitionerId,
      typeId,
      startsAt,
    })),
  };
}

export async function scheduledAppointment(place: Place): Promise<PathValues> {
  const { id } = await book(place.client, await appointmentBody(place));
  return { id };
}

export async function confirmedAppointment(place: Place): Promise<PathValues> {
  const { id } = await scheduledAppointment(place);
  const answer = await move(place.client, `/v1/appointments/${id}`, "confirm");
  equal(answer.status, 200, answer.text);
  return { id: id! };
}

export async function linkedAppointments(place: Place): Promise<PathValues> {
  const body = await appointmentGroupBody(place);
  const made = await place.client.post("/v1/appointment-groups", body);
  equal(made.status, 201, made.text);
  return { id: made.body.id };
}

/** The body of `reassignAppointments`. */
export async function reassignment(place: Place): Promise<Json> {
  return { practitionerId: (await atLeisure(place)).practitionerId };
}

/** A practitioner whom nobody else has booked. */
async function atLeisure({ world, clinic }: Place): Promise<Bookable> {
  const from = known.get(clinic.id) ?? bookable(world, clinic);
  known.set(clinic.id, from);
  return {
    ...await from,
    practitionerId: await addPractitioner(world, clinic),
  };
}
