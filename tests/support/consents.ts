import { equal } from "node:assert/strict";
import type { StaffRole } from "../../src/kernel/permissions.ts";
import { type Client, type Json, logIn } from "./client.ts";
import type { PathValues, Place } from "./generated_entities.ts";
import type { TestClinic, World } from "./world.ts";

export const SIGNER = { name: "Zoë Le Goff", capacity: "patient" } as const;

/** One white pixel. */
export const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";

export const DRAWN = {
  accepted: true,
  method: "drawn",
  signer: SIGNER,
  image: PNG,
} as const;

export const TEXTS = [
  { language: "fr", title: "Petite chirurgie", body: "Je consens.\n« Oui »." },
  { language: "en", title: "Minor surgery", body: "I agree." },
];

const clients = new WeakMap<World, Map<string, Promise<Client>>>();

/** Somebody of a clinic in a role, logged in once for each world. */
export function clientOf(
  world: World,
  clinic: TestClinic,
  role: StaffRole,
): Promise<Client> {
  const known = clients.get(world) ?? new Map<string, Promise<Client>>();
  clients.set(world, known);
  const key = `${clinic.id} ${role}`;
  const client = known.get(key) ?? logIn(world, clinic, role);
  known.set(key, client);
  return client;
}

/** Sends a POST with an idempotency key, and wants it to succeed. */
export async function make(
  client: Client,
  path: string,
  body?: unknown,
): Promise<Json> {
  const answer = await client.post(path, body, {
    "idempotency-key": crypto.randomUUID(),
    "if-match": "*",
  });
  equal(Math.floor(answer.status / 100), 2, `${path}: ${answer.text}`);
  return answer.body;
}

export async function newPatient(
  client: Client,
  members: object = {},
): Promise<string> {
  const { id } = await make(client, "/v1/patients", {
    profileStatus: "complete",
    givenNames: "Zoë",
    familyName: "Le Goff",
    birthDate: "1987-04-23",
    ...members,
  });
  return id;
}

/** The body of `createConsentTemplate`. */
export function consentTemplate(): Json {
  const code = `template-${crypto.randomUUID()}`;
  return { code, kind: "care", texts: TEXTS };
}

export function newTemplate(client: Client): Promise<Json> {
  return make(client, "/v1/consent-templates", consentTemplate());
}

export async function publishedTemplate(client: Client): Promise<Json> {
  const { id } = await newTemplate(client);
  return await make(client, `/v1/consent-templates/${id}/publish`);
}

/** A template with a draft, of which no other test knows. */
export async function draftTemplate(
  { world, clinic }: Place,
): Promise<PathValues> {
  const admin = await clientOf(world, clinic, "admin");
  const { id } = await newTemplate(admin);
  return { id };
}

/** The body of `requestConsent`. */
export async function consentRequest({ world, clinic }: Place): Promise<Json> {
  const admin = await clientOf(world, clinic, "admin");
  const [patientId, template] = await Promise.all([
    newPatient(admin),
    publishedTemplate(admin),
  ]);
  return { patientId, templateId: template.id, language: "fr" };
}

export async function pendingConsent(place: Place): Promise<PathValues> {
  const admin = await clientOf(place.world, place.clinic, "admin");
  const { id } = await make(admin, "/v1/consents", await consentRequest(place));
  return { id };
}

export async function signedConsent(place: Place): Promise<PathValues> {
  const { id } = await pendingConsent(place);
  const physician = await clientOf(place.world, place.clinic, "physician");
  await make(physician, `/v1/consents/${id}/sign`, DRAWN);
  return { id: id! };
}

/** The token of a link that is handed over. */
export async function handedLink(
  { world, clinic }: Omit<Place, "client">,
  consentId: string,
): Promise<string> {
  const admin = await clientOf(world, clinic, "admin");
  const path = `/v1/consents/${consentId}/links`;
  return (await make(admin, path, { delivery: "hand" })).token;
}

/** A body with the token of a link to a pending consent. */
export async function linkAnswer(place: Place): Promise<Json> {
  const { id } = await pendingConsent(place);
  return { token: await handedLink(place, id!), signer: SIGNER };
}

export async function linkOpening(place: Place): Promise<Json> {
  const { token } = await linkAnswer(place);
  return { token };
}

export async function linkSignature(place: Place): Promise<Json> {
  return { ...await linkAnswer(place), accepted: true };
}

/** A body with the token of a link that withdraws. */
export async function linkWithdrawal(place: Place): Promise<Json> {
  const { id } = await signedConsent(place);
  return { token: await handedLink(place, id!) };
}
