import { SignJWT } from "jose";
import { LocalKeyProvider } from "../../../src/crypto/key_provider.ts";
import {
  openSecrets,
  parseSecrets,
  platformKid,
  selectSecrets,
} from "../../../src/platform/secrets.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../../src/tenancy/provisioning/admin.ts";
import { ask, isSilent } from "../api_client.ts";
import { telling } from "../clear_text.ts";
import { fillPath } from "../entities.ts";
import type { Drill, Scenario } from "../drill.ts";
import { PARAMETER } from "../document.ts";
import { findNirs } from "../nir.ts";
import { makePlatformUser } from "../platform_user.ts";
import type { Row } from "../row.ts";
import { claimsOf } from "./claims.ts";

const PLATFORM = "/v1/platform/";
const ME = "/v1/platform/auth/me";

/** Somebody has the tokens of a platform user, and the key that signs them. */
export const platformToken: Scenario = {
  id: "platform-token",
  leaked: "a platform user's token, or the platform's signing key",
  expected: "the clinics' entries; nothing in a clinic",
  how:
    "The tokens of a platform user on every operation of the clinics; everything that the platform tells, searched for what is in a clinic; the platform's signing key for forged clinic tokens; and clinics' tokens on the platform.",
  play: async (drill, row) => {
    await using user = await makePlatformUser(drill.target);
    if (!user.tokens) return row.absent("the platform is not served here");
    const { access, refresh } = user.tokens;
    const me = await ask(drill.target.api, ME, { token: access });
    row.control(me.body.id === user.id, "the token on the platform");
    await tryClinics(drill, row, access, "a platform token");
    await tryRefresh(drill, row, refresh ?? "");
    await readEverything(drill, row, access);
    await tryForgeries(drill, row);
    await tryClinicTokens(drill, row);
    row.opens("the clinics' entries");
  },
};

/** Every operation of the clinics, with ids that are there. */
async function tryClinics(
  { target, clinics, loggedIn, operations }: Drill,
  row: Row,
  token: string,
  what: string,
): Promise<void> {
  const victims = [...loggedIn].sort((a, b) =>
    b.entities.size - a.entities.size
  );
  const [victim] = victims;
  const spare = clinics[0]?.patientIds[0] ?? crypto.randomUUID();
  for (const operation of operations) {
    const { method, path, secured, body, query } = operation;
    if (!secured || path.startsWith(PLATFORM)) continue;
    const url = fillPath(
      operation,
      (list) => victim?.entities.get(list) ?? spare,
    )!;
    const answer = await ask(target.api, url + query, {
      method,
      token,
      body: body?.value,
      headers: {
        ...(body ? { "content-type": body.type } : {}),
        "if-match": "*",
      },
    });
    const asked = `${what} at ${method} ${path}`;
    row.control(!isSilent(answer), `${asked} (${answer.status})`);
    // It is nobody's token there, whatever it asks for.
    row.attempt(
      answer.status === 401 || isSilent(answer)
        ? undefined
        : `${asked}: ${answer.status}`,
    );
  }
}

/** The secret of a platform's session, as one of a clinic. */
async function tryRefresh(
  { target, clinics }: Drill,
  row: Row,
  refresh: string,
): Promise<void> {
  const secret = refresh.split(".").at(-1);
  for (const { clinic } of clinics) {
    const { status } = await ask(target.api, "/v1/auth/refresh", {
      method: "POST",
      body: { refreshToken: `${clinic.id}.${secret}` },
    });
    row.attempt(
      status < 300 ? `a refresh token opens ${clinic.slug}` : undefined,
    );
  }
}

/** Everything that the platform tells, searched for what is in the clinics. */
async function readEverything(
  { target, clinics, operations }: Drill,
  row: Row,
  token: string,
): Promise<void> {
  for (const operation of operations) {
    const { method, path, secured, query } = operation;
    if (!secured || method !== "GET" || !path.startsWith(PLATFORM)) continue;
    for (const { clinic, texts, secrets, patientIds } of clinics) {
      const url = fillPath(operation, () => clinic.id)! + query;
      const { text, status } = await ask(target.api, url, { token });
      row.control(status < 500, `${path} (${status})`);
      const told = [...telling(texts), ...patientIds].some((each) =>
        text.includes(each)
      ) || findNirs(text).length > 0 ||
        [...secrets.values()].some((bytes) =>
          text.includes(bytes.toBase64())
        );
      row.attempt(told ? `${path} tells what is in ${clinic.slug}` : undefined);
      if (!path.includes("{")) break; // the same for all
    }
  }
}

/** With the platform's signing key in hand: as somebody of a clinic. */
async function tryForgeries(drill: Drill, row: Row): Promise<void> {
  const { target, loggedIn } = drill;
  const signing = await signingKeyOf(drill, row);
  if (!signing) return;
  const issuer = target.issuer ?? target.api;
  const now = Math.floor(Date.now() / 1000);
  for (const { clinic, tokens } of loggedIn) {
    const { sub, sid, role } = claimsOf(tokens.access);
    const own = `${clinic.id}.${clinic.signingKey.number}`;
    for (const kid of [platformKid(signing.number), own]) {
      for (const named of [clinic.id, undefined]) {
        const token = await new SignJWT({
          iss: issuer,
          aud: `urn:cloison:clinic:${clinic.id}`,
          sub,
          sid,
          role,
          jti: crypto.randomUUID(),
          iat: now,
          nbf: now,
          exp: now + 300,
          ...(named ? { clinic: named } : {}),
        }).setProtectedHeader({ alg: "Ed25519", typ: "at+jwt", kid })
          .sign(signing.key);
        const { status } = await ask(target.api, "/v1/auth/me", { token });
        row.attempt(
          status < 300
            ? `the platform's key opens ${clinic.slug}, as ${kid}`
            : undefined,
        );
      }
    }
  }
}

async function signingKeyOf({ target }: Drill, row: Row) {
  const [found] = await withDatabase(
    target.worker,
    CENTRAL_DATABASE,
    (central) => central.rows<unknown>(selectSecrets()),
  );
  const sealed = parseSecrets(found);
  const cell = new LocalKeyProvider(target.keys);
  const opened = await openSecrets(sealed, cell).then(() => true, () => false);
  row.attempt(
    opened ? "a cell's key opens the platform's secrets" : undefined,
  );
  if (!target.platformKeys) return undefined;
  const keys = new LocalKeyProvider(target.platformKeys);
  return (await openSecrets(sealed, keys))?.signingKey;
}

/** The other way round: people of clinics on the platform. */
async function tryClinicTokens(
  { target, loggedIn, operations }: Drill,
  row: Row,
): Promise<void> {
  const paths = operations.filter(({ method, path, secured }) =>
    secured && method === "GET" && path.startsWith(PLATFORM)
  ).map(({ path }) => path);
  for (const { clinic, tokens } of loggedIn) {
    for (const path of paths) {
      const url = path.replaceAll(PARAMETER, clinic.id);
      const { status } = await ask(target.api, url, { token: tokens.access });
      row.attempt(
        status < 300 ? `a token of ${clinic.slug} opens ${path}` : undefined,
      );
    }
  }
}
