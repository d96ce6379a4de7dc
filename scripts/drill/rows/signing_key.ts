import { SignJWT } from "jose";
import { importPrivateKey } from "../../../src/crypto/token_keys.ts";
import { ask, type LoggedIn } from "../api_client.ts";
import type { Drill, Scenario } from "../drill.ts";
import { inParallel, others } from "../pairs.ts";
import type { Row } from "../row.ts";
import { claimsOf } from "./claims.ts";

/** Somebody has the private key that signs a clinic's tokens. */
export const signingKey: Scenario = {
  id: "signing-key",
  leaked: "one clinic's signing key",
  expected: "forged tokens for that clinic",
  how:
    "Tokens forged with each clinic's private key for every other clinic, under either clinic's key id, audience and claim, and for the platform.",
  play: async (drill, row) => {
    row.control(drill.loggedIn.length >= 2, "two clinics with a log-in");
    await inParallel(
      drill.loggedIn.keys(),
      4,
      (index) => playOne(drill, row, index),
    );
    row.opens("forged tokens for that clinic");
  },
};

async function playOne(
  { target, loggedIn, operations }: Drill,
  row: Row,
  index: number,
): Promise<void> {
  const thief = loggedIn[index]!;
  const own = thief.clinic.id;
  const key = await stolenKey(thief);
  const kid = `${own}.${thief.clinic.signingKey.number}`;
  const issuer = target.issuer ?? target.api;
  const forge = (
    kid: string,
    holder: LoggedIn,
    clinic: string | undefined,
    audience: string,
  ) => {
    const now = Math.floor(Date.now() / 1000);
    const { sub, sid, role } = claimsOf(holder.tokens.access);
    const claims = {
      iss: clinic === undefined ? `${issuer}/platform` : issuer,
      aud: audience,
      sub,
      sid,
      role,
      jti: crypto.randomUUID(),
      iat: now,
      nbf: now,
      exp: now + 300,
    };
    return new SignJWT(clinic === undefined ? claims : { ...claims, clinic })
      .setProtectedHeader({ alg: "Ed25519", typ: "at+jwt", kid })
      .sign(key);
  };
  const opens = async (token: string, path = "/v1/auth/me") => {
    const { status } = await ask(target.api, path, { token });
    return status < 300;
  };

  // With the ids of a session that is really there, as a thief could read it in a token.
  const good = await forge(kid, thief, own, audienceOf(own));
  row.control(await opens(good), `a token forged for ${thief.clinic.slug}`);
  for (const victim of others(loggedIn, index)) {
    const { id, slug, signingKey: { number } } = victim.clinic;
    const forgeries = {
      "its own key id": await forge(kid, victim, id, audienceOf(id)),
      "the other's key id": await forge(
        `${id}.${number}`,
        victim,
        id,
        audienceOf(id),
      ),
      "the other's audience": await forge(kid, victim, own, audienceOf(id)),
      "the other's claim": await forge(kid, victim, id, audienceOf(own)),
    };
    for (const [how, token] of Object.entries(forgeries)) {
      row.attempt(
        await opens(token)
          ? `the key of ${thief.clinic.slug} opens ${slug}, under ${how}`
          : undefined,
      );
    }
  }
  const platform = [
    await forge(kid, thief, undefined, "urn:cloison:platform"),
    await forge("platform.1", thief, undefined, "urn:cloison:platform"),
  ];
  const paths = operations.filter(({ method, path, secured }) =>
    secured && method === "GET" && path.startsWith("/v1/platform/") &&
    !path.includes("{")
  ).map(({ path }) => path);
  for (const path of ["/v1/auth/me", ...paths]) {
    for (const token of platform) {
      row.attempt(
        await opens(token, path)
          ? `the key of ${thief.clinic.slug} opens ${path} of the platform`
          : undefined,
      );
    }
  }
}

async function stolenKey({ clinic, secrets }: LoggedIn): Promise<CryptoKey> {
  const bytes = secrets.get(`token-key/${clinic.signingKey.number}`);
  return await importPrivateKey(JSON.parse(new TextDecoder().decode(bytes)));
}

function audienceOf(clinicId: string): string {
  return `urn:cloison:clinic:${clinicId}`;
}
