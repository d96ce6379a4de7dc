import { equal, ok } from "node:assert/strict";
import {
  clinicKid,
  generateTokenKey,
  importPrivateKey,
} from "../../src/crypto/token_keys.ts";
import { type Answer, assertProblem, Client } from "../support/client.ts";
import { base64url, signRaw } from "../support/raw_jws.ts";
import { claimsOf, openSession } from "../support/sessions.ts";
import { inCentral } from "../support/sql.ts";
import { sql } from "../../src/db/sql.ts";
import { openWorld, type World } from "../support/world.ts";

// J1 to J16 (RFC 8725) over HTTP, on one operation of each class. What differs in claims or in the key from a real
// token, operation by operation: the generated tests of the contract.

let world: World;
let key: CryptoKey;
let kid: string;
/** Claims of a real token, and its parts. */
let claims: Record<string, unknown>;
let real: string;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  const session = await openSession(world, world.clinic(0));
  real = session.accessToken;
  claims = { ...claimsOf(real) };
  const clinic = (await world.directory.byId(world.clinic(0).id))!;
  ({ key } = clinic.signingKey);
  kid = clinicKid(clinic.id, clinic.signingKey.number);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const id = crypto.randomUUID();
const OPERATIONS: readonly [method: string, path: string, body?: unknown][] = [
  ["GET", "/v1/patients"],
  ["GET", `/v1/patients/${id}`],
  ["POST", "/v1/patients", {}],
  ["PATCH", `/v1/patients/${id}`, {}],
  ["DELETE", `/v1/auth/sessions/${id}`],
  ["POST", "/v1/patients/search", { name: "Zoé" }],
  ["POST", "/v1/staff/invitations", {}],
  ["GET", "/v1/auth/me"],
];

async function ask(token: string): Promise<Answer[]> {
  const client = new Client(world.url, token);
  return await Promise.all(
    OPERATIONS.map(([method, path, body]) =>
      client.send(method, path, {
        headers: { "x-request-id": "forged", "if-match": "*" },
        ...(body === undefined ? {} : { body }),
      })
    ),
  );
}

function header(
  members: Record<string, unknown> = {},
): Record<string, unknown> {
  return { alg: "Ed25519", typ: "at+jwt", kid, ...members };
}

function signed(
  head: Record<string, unknown> | string,
  payload: Record<string, unknown> | string = claims,
  by = key,
): Promise<string> {
  return signRaw(by, textOf(head), textOf(payload));
}

function textOf(value: Record<string, unknown> | string): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** HMAC-SHA-256, keyed with something that everybody may know. */
async function hs256(secret: Uint8Array<ArrayBuffer>): Promise<string> {
  const by = await crypto.subtle.importKey(
    "raw",
    secret,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const input = `${base64url(JSON.stringify(header({ alg: "HS256" })))}.${
    base64url(JSON.stringify(claims))
  }`;
  const bytes = new TextEncoder().encode(input);
  const mac = await crypto.subtle.sign("HMAC", by, bytes);
  return `${input}.${base64url(new Uint8Array(mac))}`;
}

async function forged(): Promise<Record<string, string>> {
  const [head, payload, signature] = real.split(".") as [
    string,
    string,
    string,
  ];
  const publicJwk = await publicJwkOf(world.clinic(0).id);
  const attacker = await generateTokenKey(kid);
  const attackerKey = await importPrivateKey(attacker.privateJwk);
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const now = Math.floor(Date.now() / 1000);
  const text = JSON.stringify(claims);
  const made: Record<string, string | Promise<string>> = {
    "J1 alg none": `${
      base64url(JSON.stringify(header({ alg: "none" })))
    }.${payload}.`,
    "J1 alg nOnE": `${
      base64url(JSON.stringify(header({ alg: "nOnE" })))
    }.${payload}.${signature}`,
    "J1 alg empty": signed(header({ alg: "" })),
    "J1 no signature": `${head}.${payload}.`,
    "J2 HS256 with the JWK": hs256(utf8(JSON.stringify(publicJwk))),
    "J2 HS256 with x": hs256(
      Uint8Array.fromBase64(publicJwk.x, { alphabet: "base64url" }),
    ),
    "J3 jwk": signed(header({ jwk: attacker.publicJwk }), claims, attackerKey),
    "J3 jku": signed(
      header({ jku: "http://127.0.0.1:1/jwks" }),
      claims,
      attackerKey,
    ),
    "J3 x5u": signed(header({ x5u: "http://127.0.0.1:1/x" })),
    "J3 x5c": signed(header({ x5c: ["AAAA"] })),
    "J4 path": signed(header({ kid: "../../dev/null" })),
    "J4 SQL": signed(header({ kid: "' OR 1=1--" })),
    "J4 SQL behind a clinic": signed(
      header({ kid: `${world.clinic(0).id}.1' OR 1=1` }),
    ),
    "J4 number": signed(header({ kid: 1 })),
    "J4 array": signed(header({ kid: [kid] })),
    "J4 __proto__": signed(header({ kid: "__proto__" })),
    "J4 10 kB": signed(header({ kid: "a".repeat(3_000) })),
    "J4 of nobody": signed(header({ kid: clinicKid(crypto.randomUUID(), 1) })),
    "J5 EdDSA": signed(header({ alg: "EdDSA" })),
    "J5 ES256": signed(header({ alg: "ES256" })),
    "J5 RS256": signed(header({ alg: "RS256" })),
    "J6 typ JWT": signed(header({ typ: "JWT" })),
    "J6 typ application/at+jwt": signed(header({ typ: "application/at+jwt" })),
    "J6 no typ": signed(JSON.stringify({ alg: "Ed25519", kid })),
    "J6 iss": signed(header(), { ...claims, iss: "http://127.0.0.1:1" }),
    "J6 aud in an array": signed(header(), { ...claims, aud: [claims.aud] }),
    "J7 no exp": signed(header(), { ...claims, exp: undefined }),
    "J7 exp is text": signed(header(), { ...claims, exp: String(claims.exp) }),
    "J7 exp is huge": signed(
      header(),
      text.replace(/"exp":\d+/, '"exp":1e308'),
    ),
    "J7 exp was": signed(header(), {
      ...claims,
      iat: now - 700,
      nbf: now - 700,
      exp: now - 100,
    }),
    "J7 iat to come": signed(header(), { ...claims, iat: now + 300 }),
    "J7 nbf to come": signed(header(), { ...claims, nbf: now + 300 }),
    "J8 crit": signed(header({ crit: ["exp"] })),
    "J8 b64": signed(header({ b64: false })),
    "J8 zip": signed(header({ zip: "DEF" })),
    "J9 role twice": signed(header(), text.replace("{", '{"role":"nurse",')),
    "J9 kid twice": signed(
      JSON.stringify(header()).replace("{", '{"kid":"x",'),
    ),
    "J10 many claims": signed(header(), {
      ...claims,
      ...Object.fromEntries(
        Array.from({ length: 200 }, (_, n) => [`c${n}`, n]),
      ),
    }),
    "J10 deep": signed(
      header(),
      text.replace("{", `{"x":${"[".repeat(500)}${"]".repeat(500)},`),
    ),
    "J11 two parts": `${head}.${payload}`,
    "J11 four parts": `${real}.${signature}`,
    "J11 JSON": base64url(
      JSON.stringify({ protected: head, payload, signature }),
    ),
    "J11 padding": `${real}=`,
    "J12 zero": `${head}.${payload}.${base64url(new Uint8Array(64))}`,
    "J12 63 bytes": `${head}.${payload}.${
      base64url(bytesOf(signature).slice(1))
    }`,
    "J12 65 bytes": `${head}.${payload}.${
      base64url(Uint8Array.of(...bytesOf(signature), 0))
    }`,
    "J12 unused bits": `${head}.${payload}.${unusedBitSet(signature)}`,
    "another key": signed(header(), claims, attackerKey),
  };
  const entries = Object.entries(made).map(async ([name, token]) =>
    [name, await token] as const
  );
  return Object.fromEntries(await Promise.all(entries));
}

Deno.test("tokens: J1 to J12, on every class of operation, are one and the same 401", async () => {
  for (const { status } of await ask(await signed(header()))) {
    ok(status !== 401, "the token that is forged from is no good");
  }
  const bodies = new Set<string>();
  for (const [name, token] of Object.entries(await forged())) {
    for (const [n, answer] of (await ask(token)).entries()) {
      const where = `${name}: ${OPERATIONS[n]!.slice(0, 2).join(" ")}`;
      equal(answer.status, 401, `${where}: ${answer.text}`);
      equal(
        answer.headers.get("www-authenticate"),
        'Bearer realm="cloison", error="invalid_token"',
        where,
      );
      bodies.add(answer.text);
    }
  }
  equal(bodies.size, 1);
});

Deno.test("tokens: J10, a token of 10 kB gets no further than the headers", async () => {
  const answers = await ask(`${"A".repeat(10_000)}.A.A`);
  for (const answer of answers) ok([401, 431].includes(answer.status));
});

Deno.test("tokens: J13, a token counts in one Authorization header and nowhere else", async () => {
  const anybody = new Client(world.url);
  for (
    const [path, headers] of [
      [`/v1/auth/me?access_token=${real}`, {}],
      ["/v1/auth/me", { cookie: `access_token=${real}; token=${real}` }],
      ["/v1/auth/me", { authorization: `Bearer ${real}, Bearer ${real}` }],
      ["/v1/auth/me", { authorization: `Bearer Bearer ${real}` }],
      ["/v1/auth/me", { authorization: real }],
      ["/v1/auth/me", { "x-access-token": real }],
    ] as const
  ) {
    equal((await anybody.get(path, { ...headers })).status, 401, path);
  }
});

Deno.test("tokens: J14 and J6, a token of one clinic says nothing in another, nor a refresh token as an access token", async () => {
  const other = await openSession(world, world.clinic(1));
  const stranger = (await world.directory.byId(world.clinic(1).id))!;
  const swapped = await signed(header(), claims, stranger.signingKey.key);
  const theirs = await signed(
    { ...header(), kid: clinicKid(stranger.id, stranger.signingKey.number) },
    claims,
    stranger.signingKey.key,
  );
  for (const token of [swapped, theirs, other.refreshToken]) {
    for (const answer of await ask(token)) {
      assertProblem(answer, 401, "invalid-token");
    }
  }
});

Deno.test("tokens: J16, a key that was retired opens nothing any more", async () => {
  const clinic = world.clinic(1);
  const { client } = await openSession(world, clinic);
  equal((await client.get("/v1/auth/me")).status, 200);
  await inCentral(
    world,
    sql`update clinic_token_keys set retired_at = now()
      where clinic_id = ${clinic.id}`,
  );
  const deadline = performance.now() + 2_000;
  while ((await client.get("/v1/auth/me")).status === 200) {
    ok(performance.now() < deadline, "the retired key still opens");
  }
  assertProblem(await client.get("/v1/auth/me"), 401, "invalid-token");
});

async function publicJwkOf(clinicId: string): Promise<{ x: string }> {
  const [row] = await inCentral<{ public_jwk: { x: string } }>(
    world,
    sql`select public_jwk from clinic_token_keys where clinic_id = ${clinicId}`,
  );
  return row!.public_jwk;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.fromBase64(text, { alphabet: "base64url" });
}

/** The same 64 bytes, written with one of the four bits set that the last character does not need. */
function unusedBitSet(signature: string): string {
  const alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(signature.at(-1)!);
  return signature.slice(0, -1) + alphabet[last | 1];
}
