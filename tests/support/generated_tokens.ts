import { clinicKid } from "../../src/crypto/token_keys.ts";
import { platformSecrets } from "./platform.ts";
import { base64url, signRaw } from "./raw_jws.ts";
import type { TestClinic, World } from "./world.ts";

type Claims = Readonly<Record<string, unknown>>;

export interface ForgedToken {
  readonly name: string;
  readonly token: string;
}

/** The claims of a real token, signed again as they are: it must be let in, so that what is forged differs in one thing. */
export function resigned(
  world: World,
  clinic: TestClinic,
  token: string,
): Promise<string> {
  return sign(world, clinic, claimsOf(token));
}

/** Tokens that differ from a real one of clinic `a` in one thing each. */
export async function forgedTokens(
  world: World,
  a: TestClinic,
  b: TestClinic,
  token: string,
): Promise<ForgedToken[]> {
  const real = claimsOf(token);
  const [header, payload, signature] = token.split(".") as [
    string,
    string,
    string,
  ];
  const hour = 3600;
  const other = real["role"] === "physician" ? "admin" : "physician";
  const now = Math.floor(Date.now() / 1000);
  const made: Record<string, string | Promise<string>> = {
    "not a token": "not.a.token",
    "empty signature": `${header}.${payload}.`,
    "no signature part": `${header}.${payload}`,
    "another signature": `${header}.${payload}.${
      base64url(new Uint8Array(64))
    }`,
    "altered claims": `${header}.${
      base64url(JSON.stringify({ ...real, role: other }))
    }.${signature}`,
    "alg none": `${
      base64url(JSON.stringify({ ...headerOf(token), alg: "none" }))
    }.${payload}.`,
    "key of another clinic": sign(world, b, real),
    "key of another clinic under this clinic's key id": sign(world, b, real, {
      kid: headerOf(token).kid,
    }),
    "this clinic's key for another clinic": sign(world, a, {
      ...real,
      clinic: b.id,
    }),
    "audience of another clinic": sign(world, a, {
      ...real,
      aud: String(real.aud).replace(a.id, b.id),
    }),
    "audience of the platform": sign(world, a, {
      ...real,
      aud: "urn:cloison:platform",
    }),
    "two audiences": sign(world, a, {
      ...real,
      aud: [real.aud, "urn:cloison:platform"],
    }),
    "another issuer": sign(world, a, { ...real, iss: "http://127.0.0.2" }),
    "no clinic": sign(world, a, without(real, "clinic")),
    "expired": sign(world, a, {
      ...real,
      iat: now - hour,
      nbf: now - hour,
      exp: now - hour + 300,
    }),
    "not yet valid": sign(world, a, {
      ...real,
      iat: now + hour,
      nbf: now + hour,
      exp: now + hour + 300,
    }),
    "a lifetime of a year": sign(world, a, { ...real, exp: now + 8760 * hour }),
    "a role that does not exist": sign(world, a, { ...real, role: "root" }),
    "another type of token": sign(world, a, real, { typ: "JWT" }),
    "an unknown key": sign(world, a, real, { kid: clinicKid(a.id, 999) }),
  };
  return await Promise.all(
    Object.entries(made).map(async ([name, each]) => ({
      name,
      token: await each,
    })),
  );
}

/** Tokens that differ from a real one of the platform in one thing each. */
export async function forgedPlatformTokens(
  world: World,
  clinic: TestClinic,
  token: string,
): Promise<ForgedToken[]> {
  const real = claimsOf(token);
  const { signingKey } = await platformSecrets(world.stack);
  const kid = `platform.${signingKey.number}`;
  const own = (claims: Claims, header: Claims = {}) =>
    signRaw(
      signingKey.key,
      JSON.stringify({ alg: "Ed25519", typ: "at+jwt", kid, ...header }),
      JSON.stringify({ ...real, ...claims }),
    );
  const year = 31_536_000;
  const now = Math.floor(Date.now() / 1000);
  const made: Record<string, Promise<string>> = {
    "a clinic's key under the platform's key id": sign(world, clinic, real, {
      kid,
    }),
    "a clinic's key": sign(world, clinic, { ...real, clinic: clinic.id }),
    "the platform's key under a clinic's key id": own(
      { clinic: clinic.id },
      { kid: clinicKid(clinic.id, 1) },
    ),
    "audience of a clinic": own({ aud: `urn:cloison:clinic:${clinic.id}` }),
    "issuer of the clinics": own({
      iss: String(real.iss).replace(/\/platform$/, ""),
    }),
    "a clinic in it": own({ clinic: clinic.id }),
    "a role of a clinic": own({ role: "admin" }),
    "another role of the platform": own({
      role: real.role === "owner" ? "operator" : "owner",
    }),
    "another user": own({ sub: crypto.randomUUID() }),
    "another session": own({ sid: crypto.randomUUID() }),
    "an unknown key": own({}, { kid: "platform.999" }),
    "another type of token": own({}, { typ: "JWT" }),
    "expired": own({ iat: now - 3_600, nbf: now - 3_600, exp: now - 3_000 }),
    "a lifetime of a year": own({ exp: now + year }),
  };
  return await Promise.all(
    Object.entries(made).map(async ([name, each]) => ({
      name,
      token: await each,
    })),
  );
}

async function sign(
  world: World,
  clinic: TestClinic,
  claims: Claims,
  header: Claims = {},
): Promise<string> {
  const known = await world.directory.byId(clinic.id);
  if (!known) throw new Error(`Cannot find clinic ${clinic.slug}`);
  const { key, number } = known.signingKey;
  const kid = clinicKid(clinic.id, number);
  return await signRaw(
    key,
    JSON.stringify({ alg: "Ed25519", typ: "at+jwt", kid, ...header }),
    JSON.stringify(claims),
  );
}

function headerOf(token: string): Claims {
  return decode(token.split(".")[0]!);
}

function claimsOf(token: string): Claims {
  return decode(token.split(".")[1]!);
}

function decode(part: string): Claims {
  const bytes = Uint8Array.fromBase64(part, { alphabet: "base64url" });
  return JSON.parse(new TextDecoder().decode(bytes));
}

function without(claims: Claims, name: string): Claims {
  const { [name]: _left, ...rest } = claims;
  return rest;
}
