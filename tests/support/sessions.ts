import { equal } from "node:assert/strict";
import type { StaffRole } from "../../src/kernel/permissions.ts";
import { type Answer, Client } from "./client.ts";
import { emailOf, type TestClinic, type World } from "./world.ts";

/** A session, as its client holds it. */
export interface HeldSession {
  readonly client: Client;
  readonly accessToken: string;
  readonly refreshToken: string;
}

export async function openSession(
  world: World,
  clinic: TestClinic,
  role: StaffRole = "admin",
  members: object = {},
): Promise<HeldSession> {
  const answer = await new Client(world.url).post("/v1/auth/login", {
    clinic: clinic.slug,
    email: emailOf(role),
    password: clinic.password,
    ...members,
  });
  equal(answer.status, 200, JSON.stringify(answer.body));
  return held(world, answer);
}

export function refresh(world: World, refreshToken: string): Promise<Answer> {
  return new Client(world.url).post("/v1/auth/refresh", { refreshToken });
}

export async function refreshed(
  world: World,
  session: Pick<HeldSession, "refreshToken">,
): Promise<HeldSession> {
  const answer = await refresh(world, session.refreshToken);
  equal(answer.status, 200, JSON.stringify(answer.body));
  return held(world, answer);
}

function held(world: World, { body }: Answer): HeldSession {
  const { accessToken, refreshToken } = body;
  const client = new Client(world.url, accessToken);
  return { client, accessToken, refreshToken };
}

export interface Claims {
  readonly sub: string;
  readonly sid: string;
  readonly role: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

/** What a token says; not verified. */
export function claimsOf(token: string): Claims {
  const payload = Uint8Array.fromBase64(token.split(".")[1]!, {
    alphabet: "base64url",
  });
  return JSON.parse(new TextDecoder().decode(payload));
}
