import { equal } from "node:assert/strict";
import { Client, type Json } from "./client.ts";
import type { PathValues, Place } from "./generated_entities.ts";
import { nextLetter, tokenIn } from "./letters.ts";
import { openSession } from "./sessions.ts";

const PASSWORD = "Girouette oblique 47";
const NEXT_PASSWORD = "Baromètre pensif 52";

interface Member extends PathValues {
  readonly id: string;
}

/** Somebody who was invited and has not answered. */
export async function invitedMember(place: Place): Promise<Member> {
  const { id } = await invite(place);
  return { id };
}

export async function activeMember(place: Place): Promise<Member> {
  const { id } = await join(place);
  return { id };
}

export async function suspendedMember(place: Place): Promise<Member> {
  const { id } = await join(place);
  const path = `/v1/staff/${id}/suspend`;
  const headers = { "if-match": "*" };
  equal((await place.client.post(path, undefined, headers)).status, 200);
  return { id };
}

/** The body of `acceptInvitation`. */
export async function acceptance(place: Place): Promise<Json> {
  const { email } = await invite(place);
  const token = tokenIn(await nextLetter(place.world, email));
  return { token, password: PASSWORD };
}

/** The body of `resetPassword`. */
export async function passwordReset(place: Place): Promise<Json> {
  const { world, clinic } = place;
  const { email } = await join(place);
  const asked = await new Client(world.url).post("/v1/auth/password/forgot", {
    clinic: clinic.slug,
    email,
  });
  equal(asked.status, 202, asked.text);
  const token = tokenIn(await nextLetter(world, email, 2));
  return { token, password: NEXT_PASSWORD };
}

/** The body of `changePassword`, for somebody of `newcomer`. */
export function passwordChange(): Json {
  return { currentPassword: PASSWORD, newPassword: NEXT_PASSWORD };
}

/** Logged in as somebody whom no other test needs. */
export async function newcomer(place: Place): Promise<Client> {
  const { email } = await join(place);
  const { client } = await openSession(place.world, place.clinic, "nurse", {
    email,
    password: PASSWORD,
  });
  return client;
}

async function join(place: Place): Promise<{ id: string; email: string }> {
  const { id, email } = await invite(place);
  const token = tokenIn(await nextLetter(place.world, email));
  const accepted = await new Client(place.world.url).post(
    "/v1/auth/invitations/accept",
    { token, password: PASSWORD },
  );
  equal(accepted.status, 204, accepted.text);
  return { id, email };
}

async function invite(
  { client }: Place,
): Promise<{ id: string; email: string }> {
  const { status, text, body } = await client.post("/v1/staff/invitations", {
    email: `${crypto.randomUUID()}@clinic.test`,
    givenNames: "Camille",
    familyName: "Besson",
    role: "nurse",
  }, { "idempotency-key": crypto.randomUUID() });
  equal(status, 201, text);
  return body;
}
