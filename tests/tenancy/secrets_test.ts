import assert from "node:assert/strict";
import { spellings } from "../../scripts/drill/dump.ts";
import { openSecret } from "../../src/crypto/seal.ts";
import { identifier, sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { assertProblem, logIn } from "../support/client.ts";
import { cellKeys } from "../support/provisioned.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld, type TestClinic, type World } from "../support/world.ts";

const NIRS = ["295109912611193", "253072B07300470"];

Deno.test("secrets: a clinic whose secret was altered is away, the others go on", async () => {
  await using world = await openWorld();
  const [hurt, well] = [world.clinic(0), world.clinic(1)];
  const [a, b] = await Promise.all([logIn(world, hurt), logIn(world, well)]);
  assert.equal((await a.get("/v1/auth/me")).status, 200);
  for (const purpose of ["data-key", "database-password", "token-key"]) {
    await flipSecret(world, hurt, purpose);
    await isAway(world, hurt, a);
    const answer = await a.get("/v1/auth/me");
    assertProblem(answer, 503, "clinic-unavailable");
    assert.ok(Number(answer.headers.get("retry-after")) >= 1);
    assert.equal((await b.get("/v1/auth/me")).status, 200);
    const alerts = world.logLines.map((line) => JSON.parse(line))
      .filter(({ event }) => event === "clinic.secrets_unreadable");
    assert.ok(alerts.length > 0);
    for (const line of alerts) {
      assert.equal(line.level, "error");
      assert.equal(line.alert, true);
      assert.equal(line.clinicId, hurt.id);
      assert.match(line.error, /SealError/);
    }
    world.logLines.length = 0;
    await flipSecret(world, hurt, purpose);
    await isBack(a);
  }
});

Deno.test("secrets: a sealed column that was altered or moved is an alert, never null and never another's", async () => {
  await using world = await openWorld({ clinics: 1 });
  const clinic = world.clinic(0);
  const client = await logIn(world, clinic);
  const patients = await Promise.all(NIRS.map(async (nir, i) => {
    const answer = await client.post("/v1/patients", {
      profileStatus: "complete",
      givenNames: "Jeanne",
      familyName: `Martin ${"AB"[i]}`,
      birthDate: "1980-01-01",
      nir,
    });
    assert.equal(answer.status, 201, answer.text);
    return answer.body.id as string;
  }));
  const path = (i: number) => `/v1/patients/${patients[i]}`;

  await change(
    world,
    clinic,
    sql`
    update patients set nir_sealed = set_byte(nir_sealed, 40, get_byte(nir_sealed, 40) # 1)
    where id = ${patients[0]!}`,
  );
  world.logLines.length = 0;
  const altered = await client.get(path(0));
  assertProblem(altered, 500, "internal-error");
  assert.doesNotMatch(altered.text, /nir|seal|29510|25307/i);
  const line = world.logLines.map((line) => JSON.parse(line))
    .find(({ event }) => event === "request.failed");
  assert.equal(line.level, "error");
  assert.match(line.error, /SealError/);
  assert.equal(line.alert, true);
  assert.equal(line.clinicId, clinic.id);
  assert.equal(`urn:request:${line.requestId}`, altered.body.instance);
  const other = await client.get(path(1));
  assert.equal(other.status, 200);

  await change(
    world,
    clinic,
    sql`
    update patients set nir_sealed =
      (select nir_sealed from patients where id = ${patients[1]!})
    where id = ${patients[0]!}`,
  );
  assertProblem(await client.get(path(0)), 500, "internal-error");
});

Deno.test("secrets: neither a number nor a key stands in clear in any table, of the clinic or of the centre", async () => {
  await using world = await openWorld({ clinics: 1 });
  const clinic = world.clinic(0);
  const client = await logIn(world, clinic);
  const { status, body } = await client.send("POST", "/v1/patients", {
    // Kept with its answer, so that a repetition gets the same.
    headers: { "idempotency-key": crypto.randomUUID() },
    body: {
      profileStatus: "complete",
      givenNames: "Jeanne",
      familyName: "Martin",
      birthDate: "1980-01-01",
      nir: NIRS[0],
    },
  });
  assert.equal(status, 201);
  const [inClinic, inCentral] = await Promise.all([
    everythingIn(world, clinic.database),
    everythingIn(world, CENTRAL_DATABASE),
  ]);
  // It was all looked at.
  assert.ok(inClinic.includes(body.id));
  assert.ok(inCentral.includes(clinic.slug));
  const secrets = await secretsOf(world, clinic);
  assert.deepEqual(Object.keys(secrets).sort(), [
    "data-key/1",
    "database-password/1",
    "index-key/1",
    "token-key/1",
  ]);
  for (const text of [inClinic, inCentral]) {
    assert.ok(!text.includes(NIRS[0]!));
    assert.ok(!text.includes(new TextEncoder().encode(NIRS[0]).toHex()));
    for (const [purpose, bytes] of Object.entries(secrets)) {
      assert.ok(!spellings(bytes).some((each) => text.includes(each)), purpose);
    }
  }
});

/** Every row of every table, as text. */
async function everythingIn(world: World, database: string): Promise<string> {
  const login = workerLogin(world.stack);
  return await withDatabase(login, database, async (connection) => {
    const tables = await connection.rows<{ name: string }>(sql`
      select tablename as name from pg_tables where schemaname = 'public'`);
    assert.ok(tables.length > 10);
    const all: string[] = [];
    for (const { name } of tables) {
      const rows = await connection.rows<{ text: string }>(
        sql`select t::text as text from ${identifier(name)} as t`,
      );
      all.push(...rows.map(({ text }) => text));
    }
    return all.join("\n");
  });
}

async function secretsOf(
  world: World,
  { id }: TestClinic,
): Promise<Record<string, Uint8Array>> {
  const login = workerLogin(world.stack);
  const rows = await withDatabase(
    login,
    CENTRAL_DATABASE,
    (central) =>
      central.rows<{ purpose: string; keyId: string; sealed: Uint8Array }>(sql`
        select purpose || '/' || number as purpose, key_id as "keyId", sealed
        from clinic_secrets where clinic_id = ${id}`),
  );
  const opened: Record<string, Uint8Array> = {};
  for (const { purpose, ...stored } of rows) {
    const place = { clinicId: id, purpose };
    opened[purpose] = await openSecret(cellKeys(world.stack), place, stored);
  }
  return opened;
}

/** Done twice, it is as before. The last byte but two is in the tag of the seal. */
async function flipSecret(
  world: World,
  clinic: TestClinic,
  purpose: string,
): Promise<void> {
  await withDatabase(
    workerLogin(world.stack),
    CENTRAL_DATABASE,
    (central) =>
      central.rows(sql`
        update clinic_secrets set sealed = set_byte(sealed,
          octet_length(sealed) - 3, get_byte(sealed, octet_length(sealed) - 3) # 1)
        where clinic_id = ${clinic.id} and purpose = ${purpose}`),
  );
}

async function change(
  world: World,
  clinic: TestClinic,
  statement: ReturnType<typeof sql>,
): Promise<void> {
  await withDatabase(
    workerLogin(world.stack),
    clinic.database,
    (connection) => connection.rows(statement),
  );
}

type Client = Awaited<ReturnType<typeof logIn>>;

/** The change is announced, not asked for: it takes a moment. */
async function isAway(
  world: World,
  clinic: TestClinic,
  client: Client,
): Promise<void> {
  await until(async () => (await client.get("/v1/auth/me")).status === 503);
  assert.ok(world.logLines.some((line) => line.includes(clinic.id)));
}

async function isBack(client: Client): Promise<void> {
  await until(async () => (await client.get("/v1/auth/me")).status === 200);
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!await isTrue()) {
    assert.ok(performance.now() < deadline, "It never happened");
  }
}
