import { ClinicVault } from "../../../src/crypto/clinic_vault.ts";
import { ask } from "../api_client.ts";
import type { ClinicArtefacts } from "../artefacts.ts";
import type { Drill, Scenario } from "../drill.ts";
import { others } from "../pairs.ts";
import type { Row } from "../row.ts";
import { THROWAWAY } from "../throwaway.ts";

/** Rounds in which everybody asks at once. */
const ROUNDS = 10;
const VALUES = 5;

/** Roles, passwords, tokens and signing keys have rows of their own; this is everything else that one clinic has. */
export const matrix: Scenario = {
  id: "matrix",
  leaked: "a clinic's data key, cursor, idempotency key or cached answer",
  expected: "nothing of another clinic",
  how:
    "Every clinic against every other: data keys and index keys, page cursors, one idempotency key in all of them, and answers to everybody asking at once.",
  play: async (drill, row) => {
    dataKeys(drill, row);
    await cursors(drill, row);
    await idempotencyKeys(drill, row);
    await answersApart(drill, row);
  },
};

function dataKeys({ clinics }: Drill, row: Row): void {
  for (const [index, thief] of clinics.entries()) {
    const [first] = thief.sealed;
    row.control(
      !first || opensWith(thief, thief, first),
      `the data key of ${thief.clinic.slug}`,
    );
    for (const victim of others(clinics, index)) {
      const what = `of ${thief.clinic.slug} is that of ${victim.clinic.slug}`;
      for (const purpose of ["data-key", "index-key"]) {
        row.attempt(
          same(thief, victim, purpose) ? `the ${purpose} ${what}` : undefined,
        );
      }
      for (const value of victim.sealed.slice(0, VALUES)) {
        row.attempt(
          opensWith(thief, victim, value)
            ? `the data key of ${thief.clinic.slug} opens a NIR of ${victim.clinic.slug}`
            : undefined,
        );
      }
    }
  }
}

/** A thief would say that a value is of whatever clinic it takes. */
function opensWith(
  thief: ClinicArtefacts,
  victim: ClinicArtefacts,
  { id, bytes }: ClinicArtefacts["sealed"][number],
): boolean {
  const dataKeys = new Map(
    [...thief.secrets].filter(([name]) => name.startsWith("data-key/"))
      .map(([name, key]) => [Number(name.split("/")[1]), key]),
  );
  const vault = new ClinicVault({
    clinicId: victim.clinic.id,
    dataKeys,
    currentDataKey: Math.max(...dataKeys.keys()),
    indexKey: thief.secrets.get("index-key/1")!,
  });
  try {
    vault.openText({ table: "patients", column: "nir_sealed", row: id }, bytes);
    return true;
  } catch {
    return false;
  }
}

function same(
  a: ClinicArtefacts,
  b: ClinicArtefacts,
  purpose: string,
): boolean {
  const keys = ({ secrets }: ClinicArtefacts) =>
    [...secrets].filter(([name]) => name.startsWith(`${purpose}/`))
      .map(([, bytes]) => bytes.toHex());
  const mine = new Set(keys(a));
  return keys(b).some((key) => mine.has(key));
}

async function cursors({ target, loggedIn }: Drill, row: Row): Promise<void> {
  const list = "/v1/patients?limit=1";
  for (const [index, { clinic, tokens }] of loggedIn.entries()) {
    const page = await ask(target.api, list, { token: tokens.access });
    const cursor = page.body.page?.nextCursor;
    if (!cursor) continue;
    const path = `${list}&cursor=${cursor}`;
    const own = await ask(target.api, path, { token: tokens.access });
    row.control(own.status === 200, `a cursor of ${clinic.slug}`);
    for (const victim of others(loggedIn, index)) {
      const { status } = await ask(target.api, path, {
        token: victim.tokens.access,
      });
      row.attempt(
        status < 300
          ? `a cursor of ${clinic.slug} is good in ${victim.clinic.slug}`
          : undefined,
      );
    }
  }
}

/** In clinics of the drill's own only: it adds a patient. */
async function idempotencyKeys(
  { target, loggedIn }: Drill,
  row: Row,
): Promise<void> {
  const own = loggedIn.filter(({ clinic }) =>
    clinic.slug.startsWith(THROWAWAY)
  );
  const key = crypto.randomUUID();
  const seen = new Map<string, string>();
  row.control(own.length >= 2, "two clinics that may be written to");
  for (const { clinic, tokens } of [...own, ...own]) {
    const answer = await ask(target.api, "/v1/patients", {
      method: "POST",
      token: tokens.access,
      headers: { "idempotency-key": key },
      body: {
        profileStatus: "provisional",
        givenNames: "Drill",
        phone: "+33199004217",
      },
    });
    const { id } = answer.body;
    row.control(answer.status === 201, `a POST in ${clinic.slug}`);
    const holder = seen.get(id);
    row.attempt(
      holder !== undefined && holder !== clinic.slug
        ? `the answer for ${holder} was given to ${clinic.slug}`
        : undefined,
    );
    seen.set(id, clinic.slug);
  }
}

/** Everybody asks at the same time, again and again: each hears of their own clinic. */
async function answersApart(
  { target, loggedIn }: Drill,
  row: Row,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(loggedIn.map(async ({ clinic, tokens }) => {
      const { status, body, headers } = await ask(target.api, "/v1/auth/me", {
        token: tokens.access,
      });
      row.control(status === 200, `an account of ${clinic.slug}`);
      const other = status === 200 && body.clinic.id !== clinic.id;
      row.attempt(
        other ? `${clinic.slug} was told of another clinic` : undefined,
      );
      const cached = !/no-store|private/.test(
        headers.get("cache-control") ?? "",
      );
      row.attempt(
        cached ? "answers may be kept by caches in between" : undefined,
      );
    }));
  }
}
