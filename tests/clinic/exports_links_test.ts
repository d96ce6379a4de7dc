import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { purgePatientExports } from "../../src/tenancy/patient_exports.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import {
  assertProblem,
  assertSameProblem,
  Client,
  type Json,
  logIn,
} from "../support/client.ts";
import { clientOf, make, newPatient } from "../support/consents.ts";
import {
  exportIn,
  fetchArchive,
  handedExportLink,
  readyExport,
  requestedExport,
  unpack,
} from "../support/exports.ts";
import {
  passwordAndCode,
  withApp,
} from "../support/generated_second_factor.ts";
import { nextLetter, tokenIn } from "../support/letters.ts";
import { inCentral, inClinic } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";
import { logInTo, startApi } from "../http/api_process.ts";

let world: World;
let admin: Client;
let anybody: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  admin = await clientOf(world, world.clinic(0), "admin");
  anybody = new Client(world.url);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const FETCH = "/v1/export-links/fetch";

function place() {
  return { world, clinic: world.clinic(0), client: admin };
}

async function ready(): Promise<string> {
  return (await readyExport(place())).id!;
}

function behindTheApi(statement: ReturnType<typeof sql>): Promise<Json[]> {
  return inClinic(world, world.clinic(0), statement);
}

async function chunksOf(id: string): Promise<number> {
  const rows = await behindTheApi(
    sql`select from patient_export_chunks where export_id = ${id}`,
  );
  return rows.length;
}

function doChores(): Promise<number> {
  const { database } = world.clinic(0);
  return withDatabase(workerLogin(world.stack), database, async (run) => {
    await run.script("set role cloison_owner");
    return await purgePatientExports(run);
  });
}

Deno.test("export links: of twenty who follow one link at once, one gets the archive", async () => {
  const id = await ready();
  const token = await handedExportLink(admin, id);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => anybody.post(FETCH, { token })),
  );
  equal(answers.filter(({ status }) => status === 200).length, 1);
  const refused = answers.filter(({ status }) => status !== 200);
  for (const answer of refused) assertProblem(answer, 404, "invalid-link");
  const unknown = `${world.clinic(0).id}.${"A".repeat(43)}`;
  const nowhere = `${crypto.randomUUID()}.${"A".repeat(43)}`;
  for (const guess of [unknown, nowhere]) {
    assertSameProblem(await anybody.post(FETCH, { token: guess }), refused[0]!);
  }
});

Deno.test("export links: a mailed link opens what the passphrase of the request opens, and tells nothing else", async () => {
  const email = `patient-${crypto.randomUUID()}@clinic.test`;
  const patientId = await newPatient(admin, { email });
  const { id, passphrase } = await requestedExport(place(), patientId);
  await exportIn(admin, id);
  const path = `/v1/exports/${id}/links`;
  const sent = await make(admin, path, { delivery: "mail", hours: 1 });
  deepEqual([sent.email, sent.token], [email, null]);
  const letter = await nextLetter(world, email);
  ok(!letter.text.includes(passphrase));
  const response = await fetchArchive(world.url, tokenIn(letter));
  const files = await unpack(await response.bytes(), passphrase);
  ok(files.has("patient.json"));
});

Deno.test("export links: a newer link makes the earlier one void; a download that was cut gets another for a day", async () => {
  const id = await ready();
  const first = await handedExportLink(admin, id);
  const second = await handedExportLink(admin, id);
  assertProblem(
    await anybody.post(FETCH, { token: first }),
    404,
    "invalid-link",
  );
  const cut = await fetchArchive(world.url, second);
  await cut.body?.cancel();
  const { state, expiresAt, fetchedAt } = await exportIn(admin, id, "fetched");
  equal(state, "fetched");
  const hours = (Date.parse(expiresAt) - Date.parse(fetchedAt)) / 3_600_000;
  ok(hours > 23 && hours < 25, `it is kept for ${hours} hours`);
  const third = await handedExportLink(admin, id);
  equal((await anybody.post(FETCH, { token: third })).status, 200);
  await behindTheApi(sql`update patient_exports
    set expires_at = now() - interval '1 second' where id = ${id}`);
  const late = await admin.post(`/v1/exports/${id}/links`, {
    delivery: "hand",
  });
  assertProblem(late, 409, "conflict");
  ok(await chunksOf(id) > 0);
  await doChores();
  equal(await chunksOf(id), 0);
});

Deno.test("export links: what has expired is not there any more, and the chores remove it", async () => {
  const id = await ready();
  const token = await handedExportLink(admin, id);
  await behindTheApi(sql`update patient_exports
    set expires_at = now() - interval '1 second' where id = ${id}`);
  assertProblem(await anybody.post(FETCH, { token }), 404, "invalid-link");
  const { version } = await exportIn(admin, id, "expired");
  await doChores();
  equal(await chunksOf(id), 0);
  equal((await exportIn(admin, id, "expired")).version, version);
});

Deno.test("export links: a clinic that is suspended hands nothing out, and its links stay good", async () => {
  const id = await ready();
  const token = await handedExportLink(admin, id);
  await setState("suspended");
  try {
    assertProblem(
      await anybody.post(FETCH, { token }),
      403,
      "clinic-suspended",
    );
  } finally {
    await setState("active");
  }
  equal((await anybody.post(FETCH, { token })).status, 200);
});

async function setState(state: string): Promise<void> {
  const { id } = world.clinic(0);
  await inCentral(
    world,
    sql`update clinics set state = ${state} where id = ${id}`,
  );
  for (let tries = 0; tries < 500; tries++) {
    const clinic = await world.directory.byId(id);
    if (clinic?.state === state) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`The clinic did not become ${state}`);
}

Deno.test("exports: taken back, the archive is gone and its link leads nowhere", async () => {
  const id = await ready();
  const token = await handedExportLink(admin, id);
  const path = `/v1/exports/${id}`;
  const headers = { "if-match": "*" };
  equal((await admin.send("DELETE", path, { headers })).status, 204);
  assertProblem(await anybody.post(FETCH, { token }), 404, "invalid-link");
  equal(await chunksOf(id), 0);
  equal((await admin.get(path)).body.state, "cancelled");
  const again = await admin.send("DELETE", path, { headers });
  assertProblem(again, 409, "conflict");
});

Deno.test("exports: who asks shows the password and the second factor again; what is wrong is on the trail and counted", async () => {
  const patientId = await newPatient(admin);
  const path = `/v1/patients/${patientId}/exports`;
  const wrong = await admin.post(path, { currentPassword: "not this one" });
  assertProblem(wrong, 422, "invalid-request");
  equal(wrong.body.errors[0].pointer, "#/currentPassword");
  const client = await withApp(place());
  const { id: staffId } = (await client.get("/v1/auth/me")).body;
  await behindTheApi(
    sql`update staff set role = 'admin' where id = ${staffId}`,
  );
  const { currentPassword, code } = passwordAndCode();
  const promoted = await logInAgain(staffId, currentPassword, code);
  const body = { currentPassword };
  const missing = await promoted.post(path, body);
  assertProblem(missing, 422, "invalid-request");
  equal(missing.body.errors[0].code, "required");
  // With a key, all that the request did is undone; that it was refused is not.
  const key = { "idempotency-key": crypto.randomUUID() };
  const guess = await promoted.post(path, { ...body, code: "000000" }, key);
  equal(guess.body.errors[0].pointer, "#/code");
  const [factor] = await behindTheApi(
    sql`select failures from second_factors where staff_id = ${staffId}`,
  );
  equal(factor.failures, 1);
  const refusals = await refusalsOf(staffId, 2);
  deepEqual(refusals, Array(2).fill("POST /v1/patients/:id/exports"));
  equal(
    (await admin.get(`/v1/exports?patientId=${patientId}`)).body.data.length,
    0,
  );
});

async function logInAgain(
  staffId: string,
  password: string,
  code: string,
): Promise<Client> {
  const { slug } = world.clinic(0);
  const [{ email }] = await behindTheApi(
    sql`select email from staff where id = ${staffId}`,
  ) as [Json];
  const answer = await anybody.post("/v1/auth/login", {
    clinic: slug,
    email,
    password,
    code,
  });
  equal(answer.status, 200, answer.text);
  return new Client(world.url, answer.body.accessToken);
}

async function refusalsOf(actor: string, count: number): Promise<string[]> {
  for (let tries = 0;; tries++) {
    const rows = await inCentral<{ operation: string }>(
      world,
      sql`select operation from audit_log where actor_id = ${actor}
        and outcome = 'refused'`,
    );
    if (rows.length >= count) return rows.map(({ operation }) => operation);
    ok(tries < 500, `there are ${rows.length} refusals`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

Deno.test("exports: one at a time for each patient; a file that is part of another is not exported alone; a key answers once", async () => {
  const patientId = await newPatient(admin);
  const path = `/v1/patients/${patientId}/exports`;
  const body = { currentPassword: world.clinic(0).password };
  const key = { "idempotency-key": crypto.randomUUID() };
  const first = await admin.post(path, body, key);
  equal(first.status, 202, first.text);
  equal(first.headers.get("location"), `/v1/exports/${first.body.id}`);
  deepEqual((await admin.post(path, body, key)).body, first.body);
  await exportIn(admin, first.body.id);
  // As if it took long.
  const { id } = await make(admin, path, body);
  await exportIn(admin, id);
  await hang(id, "1 hour");
  assertProblem(await admin.post(path, body), 409, "conflict");
  const merged = await newPatient(admin);
  await make(admin, `/v1/patients/${patientId}/merge`, { patientId: merged });
  const part = await admin.post(`/v1/patients/${merged}/exports`, body);
  assertProblem(part, 409, "conflict");
});

/** Makes an export look like one whose process has said nothing since. */
async function hang(id: string, lease: "1 hour" | "-1 second"): Promise<void> {
  const { vault } = (await world.directory.byId(
    world.clinic(0).id,
  ))!;
  const sealed = vault.sealText(
    { table: "patient_exports", column: "passphrase_sealed", row: id },
    "AAAAA-BBBBB",
  );
  await behindTheApi(sql`update patient_exports set state = 'running',
      attempt = attempt + 1, passphrase_sealed = ${sealed},
      lease_until = now() + ${lease}::interval, size_bytes = null,
      archive_hash = null, made_at = null, expires_at = null
    where id = ${id}`);
}

Deno.test("exports: what a process that died left half-made is made by the next one that is asked", async () => {
  const id = await ready();
  await hang(id, "-1 second");
  const made = await exportIn(admin, id);
  const token = await handedExportLink(admin, id);
  const archive = await (await fetchArchive(world.url, token)).bytes();
  equal(archive.length, made.sizeBytes);
  ok((await unpack(archive, "AAAAA-BBBBB")).has("manifest.json"));
});

Deno.test("exports: what a process was making when it was killed is made by another", async () => {
  const clinic = world.clinic(0);
  const patientId = await newPatient(admin);
  let id: string;
  {
    await using api = await startApi();
    const there = await logInTo(api, world, clinic);
    const answer = await there.post(`/v1/patients/${patientId}/exports`, {
      currentPassword: clinic.password,
    });
    equal(answer.status, 202, answer.text);
    id = answer.body.id;
    await api.kill();
  }
  // Its lease would last for a minute.
  await behindTheApi(sql`update patient_exports set lease_until = now()
    where id = ${id} and state = 'running'`);
  equal((await exportIn(admin, id)).state, "ready");
});

Deno.test("exports: what killed every process that made it is given up", async () => {
  const id = await ready();
  await behindTheApi(
    sql`update patient_exports set attempt = 4 where id = ${id}`,
  );
  await hang(id, "-1 second");
  const until = performance.now() + 20_000;
  for (;;) {
    const { body } = await admin.get(`/v1/exports/${id}`);
    if (body.state === "failed") {
      equal(body.failure, "interrupted");
      equal(await chunksOf(id), 0);
      return;
    }
    ok(performance.now() < until, body.state);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

Deno.test("exports: an API that stops puts back what it makes, and another finishes it", async () => {
  const clinic = world.clinic(1);
  const client = await logIn(world, clinic);
  const patientId = await newPatient(client);
  let id: string;
  {
    await using other = await openWorld({ clinics: 0 });
    const there = new Client(other.url, client.token);
    const { body } = await there.post(`/v1/patients/${patientId}/exports`, {
      currentPassword: clinic.password,
    });
    id = body.id;
  }
  equal((await exportIn(client, id)).state, "ready");
});

Deno.test("export links: who has no e-mail address gets no letter, and there is an end to links", async () => {
  const id = await ready();
  const path = `/v1/exports/${id}/links`;
  assertProblem(await admin.post(path, { delivery: "mail" }), 409, "conflict");
  for (let n = 0; n < 20; n++) await handedExportLink(admin, id);
  assertProblem(await admin.post(path, { delivery: "hand" }), 409, "conflict");
});

Deno.test("export links: those who guess are held off", async () => {
  const quota = 3;
  await using limited = await openWorld({
    clinics: 0,
    rates: { loginNetwork: { quota, seconds: 900 } },
    trustedProxies: ["127.0.0.0/8"],
  });
  const [a, b] = crypto.getRandomValues(new Uint8Array(2));
  const headers = { "x-forwarded-for": `198.18.${a}.${b}` };
  const stranger = new Client(limited.url);
  for (let n = 0; n <= quota; n++) {
    const secret = crypto.getRandomValues(new Uint8Array(32)).toBase64({
      alphabet: "base64url",
      omitPadding: true,
    });
    const token = `${world.clinic(0).id}.${secret}`;
    const answer = await stranger.post(FETCH, { token }, headers);
    if (n < quota) assertProblem(answer, 404, "invalid-link");
    else assertProblem(answer, 429, "too-many-requests");
  }
});
