import { deepEqual, equal, ok } from "node:assert/strict";
import { type Sql, sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import {
  type Answer,
  assertProblem,
  assertSameProblem,
  Client,
  logIn,
} from "../support/client.ts";
import {
  consentRequest,
  DRAWN,
  handedLink,
  make,
  newPatient,
  pendingConsent,
  signedConsent,
  SIGNER,
} from "../support/consents.ts";
import { nextLetter, tokenIn } from "../support/letters.ts";
import { inCentral, inClinic } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let admin: Client;
let anybody: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  admin = await logIn(world, world.clinic(0));
  anybody = new Client(world.url);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function place() {
  return { world, clinic: world.clinic(0), client: admin };
}

async function pending(): Promise<{ id: string; token: string }> {
  const { id } = await pendingConsent(place());
  return { id: id!, token: await handedLink(place(), id!) };
}

function follow(
  what: string,
  token: string,
  members: object = {},
): Promise<Answer> {
  const body = what === "sign"
    ? { token, accepted: true, signer: SIGNER, ...members }
    : what === "refuse"
    ? { token, signer: SIGNER, ...members }
    : { token, ...members };
  return anybody.post(`/v1/consent-links/${what}`, body);
}

function behindTheApi<Row>(statement: Sql): Promise<Row[]> {
  return inClinic(world, world.clinic(0), statement);
}

Deno.test("consent links: a mailed link opens the one consent, signs it once, and the receipt's link withdraws it", async () => {
  const email = `patient-${crypto.randomUUID()}@clinic.test`;
  const patientId = await newPatient(admin, { email });
  const consent = await make(admin, "/v1/consents", {
    ...await consentRequest(place()),
    patientId,
  });
  const sent = await make(admin, `/v1/consents/${consent.id}/links`, {
    delivery: "mail",
    hours: 1,
  });
  equal(sent.token, null);
  equal(sent.email, email);
  const letter = await nextLetter(world, email);
  ok(!letter.text.includes(consent.title), "the letter tells what it is about");
  const token = tokenIn(letter);
  const opened = await follow("open", token);
  equal(opened.status, 200);
  equal(opened.body.body, consent.body);
  equal(opened.body.textHash, consent.textHash);
  equal(opened.body.expiresAt, sent.expiresAt);
  ok(!JSON.stringify(opened.body).includes("Le Goff"));
  const signed = await follow("sign", token);
  equal(signed.status, 200, signed.text);
  equal(signed.body.state, "signed");
  const back = tokenIn(await nextLetter(world, email, 2));
  equal(back, signed.body.withdrawalToken);
  equal((await follow("open", back)).body.purpose, "withdrawal");
  const withdrawn = await follow("withdraw", back, { reason: "Non." });
  equal(withdrawn.body.state, "withdrawn");
  equal(withdrawn.body.withdrawalToken, null);
  const { body } = await admin.get(`/v1/consents/${consent.id}/evidence`);
  deepEqual(
    body.events.map((
      { kind, channel, staffId, method }: Record<string, unknown>,
    ) => [kind, channel, staffId === null, method]),
    [
      ["requested", null, false, null],
      ["link_sent", null, false, null],
      ["signed", "link", true, "click"],
      ["withdrawn", "link", true, null],
    ],
  );
  equal(body.events[1].linkEmail, email);
  deepEqual(body.events[2].signer, SIGNER);
  equal(body.events[2].address, "127.0.0.1");
});

Deno.test("consent links: a link refuses, and nothing comes after", async () => {
  const { id, token } = await pending();
  const refused = await follow("refuse", token, { reason: "Je préfère pas" });
  equal(refused.body.state, "refused");
  equal(refused.body.withdrawalToken, null);
  const again = await admin.post(`/v1/consents/${id}/links`, {
    delivery: "hand",
  });
  assertProblem(again, 409, "conflict");
});

Deno.test("consent links: followed many times at once, one succeeds", async () => {
  const { id, token } = await pending();
  const answers = await Promise.all(
    Array.from(
      { length: 8 },
      (_, n) => follow(n % 2 === 0 ? "sign" : "refuse", token),
    ),
  );
  const won = answers.filter(({ status }) => status === 200);
  equal(won.length, 1);
  for (const answer of answers) {
    if (answer.status !== 200) assertProblem(answer, 404, "invalid-link");
  }
  const { body } = await admin.get(`/v1/consents/${id}/evidence`);
  equal(body.events.length, 3);
});

Deno.test("consent links: of a link and somebody of the staff at once, one answer is stored", async () => {
  const { id, token } = await pending();
  const physician = await logIn(world, world.clinic(0), "physician");
  const [link, staff] = await Promise.all([
    follow("refuse", token),
    physician.post(`/v1/consents/${id}/sign`, DRAWN, { "if-match": "*" }),
  ]);
  const won = [link, staff].filter(({ status }) => status === 200);
  equal(won.length, 1);
  if (link.status !== 200) assertProblem(link, 404, "invalid-link");
  if (staff.status !== 200) assertProblem(staff, 409, "invalid-transition");
});

Deno.test("consent links: unknown, used, expired, replaced, of another clinic, of another purpose: the same answer, and nothing is stored", async () => {
  const used = await pending();
  await follow("sign", used.token);
  const expired = await pending();
  const replaced = await pending();
  await handedLink(place(), replaced.id);
  const overtaken = await pending();
  const physician = await logIn(world, world.clinic(0), "physician");
  await make(physician, `/v1/consents/${overtaken.id}/sign`, DRAWN);
  await behindTheApi(sql`update consent_links
    set created_at = now() - interval '2 hours', expires_at = now() - interval '1 second'
    where consent_id = ${expired.id}`);
  const secret = (await pending()).token.slice(36);
  const tokens = {
    used: used.token,
    expired: expired.token,
    replaced: replaced.token,
    overtaken: overtaken.token,
    "unknown secret": `${world.clinic(0).id}.${"A".repeat(43)}`,
    "of another clinic": `${world.clinic(1).id}${secret}`,
    "of no clinic": `${crypto.randomUUID()}${secret}`,
    "no canonical base64": `${world.clinic(0).id}.${"A".repeat(42)}B`,
  };
  const first = await follow("open", tokens.used);
  assertProblem(first, 404, "invalid-link");
  for (const token of Object.values(tokens)) {
    for (const what of ["open", "sign", "refuse", "withdraw"]) {
      assertSameProblem(await follow(what, token), first);
    }
  }
  equal((await admin.get(`/v1/consents/${expired.id}`)).body.state, "pending");
  const answering = await pending();
  assertSameProblem(await follow("withdraw", answering.token), first);
  const { id } = await signedConsent(place());
  const withdrawing = await handedLink(place(), id!);
  assertSameProblem(await follow("sign", withdrawing), first);
  assertSameProblem(await follow("refuse", withdrawing), first);
  equal((await follow("withdraw", withdrawing)).status, 200);
});

Deno.test("consent links: the token's clinic is the only one that is asked", async () => {
  const { token } = await pending();
  const neighbour = world.clinic(1);
  await withDatabase(
    workerLogin(world.stack),
    neighbour.database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      await connection.transaction("read write", async (run) => {
        // Whoever looked for the token there would wait.
        await run.rows(
          sql`lock table consent_links in access exclusive mode`,
        );
        equal((await follow("open", token)).status, 200);
        equal((await follow("sign", token)).status, 200);
      });
    },
  );
});

Deno.test("consent links: who has no e-mail address gets no letter, and the token is shown to nobody else", async () => {
  const { id } = await pendingConsent(place());
  const mailed = await admin.post(`/v1/consents/${id}/links`, {
    delivery: "mail",
  });
  assertProblem(mailed, 409, "conflict");
  const token = await handedLink(place(), id!);
  const rows = await behindTheApi(sql`select * from consent_links`);
  ok(!JSON.stringify(rows).includes(token.slice(37)));
  ok(!world.logLines.some((line) => line.includes(token.slice(37))));
});

Deno.test("consent links: those who guess are held off, and those who know are not counted", async () => {
  const quota = 5;
  await using limited = await openWorld({
    clinics: 0,
    rates: { loginNetwork: { quota, seconds: 900 } },
    trustedProxies: ["127.0.0.0/8"],
  });
  const [a, b] = crypto.getRandomValues(new Uint8Array(2));
  const headers = { "x-forwarded-for": `198.18.${a}.${b}` };
  const stranger = new Client(limited.url);
  const { token } = await pending();
  for (let n = 0; n <= quota; n++) {
    const open = "/v1/consent-links/open";
    const answer = await stranger.post(open, { token }, headers);
    equal(answer.status, 200, answer.text);
  }
  const bodies = {
    open: {},
    sign: { accepted: true, signer: SIGNER },
    refuse: { signer: SIGNER },
    withdraw: {},
  };
  for (let n = 0; n < 3; n++) {
    for (const [at, [what, members]] of Object.entries(bodies).entries()) {
      const path = `/v1/consent-links/${what}`;
      const body = { token: guess(world.clinic(0).id), ...members };
      const answer = await stranger.post(path, body, headers);
      if (4 * n + at < quota) assertProblem(answer, 404, "invalid-link");
      else assertProblem(answer, 429, "too-many-requests");
    }
  }
});

/** A token that has the form of one and is none. */
function guess(clinicId: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const secret = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return `${clinicId}.${secret}`;
}

Deno.test("consent links: bad input is a named refusal, and leaves the link good", async () => {
  const { token } = await pending();
  const wrong = [
    ["sign", { accepted: false }, "#/accepted"],
    ["sign", { signer: { name: "\0", capacity: "patient" } }, "#/signer/name"],
    ["sign", { image: "x" }, "#/image"],
    ["refuse", { reason: "x".repeat(2_001) }, "#/reason"],
    ["withdraw", { consentId: crypto.randomUUID() }, "#/consentId"],
    ["open", { token: "x" }, "#/token"],
  ] as const;
  for (const [what, members, pointer] of wrong) {
    const answer = await follow(what, token, members);
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].pointer, pointer);
  }
  equal((await follow("sign", token)).status, 200);
});

Deno.test("consent links: what a patient does is on the trail as the patient's", async () => {
  const { id, token } = await pending();
  const opened = await follow("open", token);
  await follow("sign", token);
  const [event] = await behindTheApi<Record<string, unknown>>(sql`
    select action, role, actor_id, session_id, patient_id from audit_outbox
    where entity_id = ${id} and action = 'consent.sign'`);
  equal(event?.role, "patient");
  equal(event?.actor_id, event?.patient_id);
  equal(event?.session_id, null);
  const lines = await inCentral<Record<string, unknown>>(
    world,
    sql`select action, role, patient_id from audit_log
      where request_id = ${opened.headers.get("x-request-id")}`,
  );
  deepEqual(lines.map((line) => ({ ...line })), [{
    action: "consent.open-link",
    role: "patient",
    patient_id: event?.patient_id,
  }]);
});
