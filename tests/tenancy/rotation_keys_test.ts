import assert from "node:assert/strict";
import {
  LocalKeyProvider,
  newLocalKeyLine,
} from "../../src/crypto/key_provider.ts";
import { Connection } from "../../src/db/connection.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import type { ClinicId } from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { verifyCellKeys } from "../../src/tenancy/directory/cell_probe.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { rewrapCell } from "../../src/tenancy/rotation/cell_key.ts";
import { rotateDataKey } from "../../src/tenancy/rotation/data_key.ts";
import {
  retireTokenKeys,
  revokeTokenKeys,
  rotateTokenKey,
} from "../../src/tenancy/rotation/token_key.ts";
import { assertProblem, type Client, logIn } from "../support/client.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import { provisionClinic, readClinic } from "../support/provisioned.ts";
import { rotationContext } from "../support/rotation.ts";
import { type TestStack, workerLogin } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";

const TOKEN_SECONDS = 600;

Deno.test("rotation: a new token key signs at once, the old one verifies until its tokens have run out", async () => {
  await using world = await openWorld({ clinics: 2 });
  const { stack } = world;
  const clinic = world.clinic(0);
  const id = clinic.id as ClinicId;
  const context = rotationContext(stack);
  const old = await logIn(world, clinic);
  const other = await logIn(world, world.clinic(1));
  assert.equal(await rotateTokenKey(context, id), 2);
  await until(async () => kidOf(await logIn(world, clinic)) === `${id}.2`);
  const young = await logIn(world, clinic);
  assert.equal(await accepts(old), 200);
  assert.equal(await accepts(young), 200);

  assert.equal(await retireTokenKeys(context, id, TOKEN_SECONDS), 0);
  assert.equal(await accepts(old), 200);
  // As if the token's life had passed.
  await inCentral(
    stack,
    sql`
    update clinic_secrets set retired_at = retired_at - interval '661 seconds'
    where clinic_id = ${id} and retired_at is not null`,
  );
  assert.equal(await retireTokenKeys(context, id, TOKEN_SECONDS), 1);
  await until(async () => await accepts(old) === 401);
  assertProblem(await old.get("/v1/auth/me"), 401, "invalid-token");
  assert.equal(await accepts(young), 200);
  assert.equal(await accepts(other), 200);

  // Stolen: no token of before is good any more, and new ones are.
  assert.equal(await revokeTokenKeys(context, id), 3);
  await until(async () => await accepts(young) === 401);
  assert.equal(await accepts(await logIn(world, clinic)), 200);
  const keys = await inCentral<{ number: number }>(
    stack,
    sql`
    select number from clinic_secrets
    where clinic_id = ${id} and purpose = 'token-key'`,
  );
  assert.deepEqual(keys.map(({ number }) => number), [3]);
});

Deno.test("rotation: a new data key, while people work; cut off and taken up again", async () => {
  await using world = await openWorld({ clinics: 1 });
  const { stack } = world;
  const clinic = world.clinic(0);
  const id = clinic.id as ClinicId;
  const client = await logIn(world, clinic);
  const ids = await addPatients(client, 230);
  const before = await sealedRows(world);
  assert.equal(before.length, 230);
  assert.ok(before.every(({ key }) => key === 1));

  let over = false;
  const failed: number[] = [];
  let read = 0;
  async function load(): Promise<void> {
    while (!over) {
      const answer = await client.get(`/v1/patients/${ids[read++ % 230]}`);
      if (answer.status !== 200 || !answer.body.nir) failed.push(answer.status);
    }
  }
  const workers = Array.from({ length: 4 }, load);
  const context = rotationContext(stack);
  let batches = 0;
  let done = 0;
  let result;
  try {
    await assert.rejects(
      rotateDataKey(context, id, {
        onProgress: ({ resealed }) => {
          // Columns in which nothing is sealed come first.
          if (resealed > 0 && ++batches === 2) throw new Error("cut");
        },
      }),
      /cut/,
    );
    const half = await sealedRows(world);
    done = half.filter(({ key }) => key === 2).length;
    assert.ok(done > 0 && done < 230, `${done}`);
    result = await rotateDataKey(context, id);
  } finally {
    over = true;
    await Promise.all(workers);
  }

  assert.deepEqual(failed, []);
  assert.ok(read > 100, `${read}`);
  assert.deepEqual(result, { resealed: 230 - done, unreadable: 0 });
  const after = await sealedRows(world);
  assert.ok(after.every(({ key }) => key === 2));
  // No file was changed: neither its version nor its date.
  assert.deepEqual(
    after.map(({ id, version, updated_at }) => [id, version, updated_at]),
    before.map(({ id, version, updated_at }) => [id, version, updated_at]),
  );
  // The triggers stand again.
  const touched = await client.patch(`/v1/patients/${ids[0]}`, {
    city: "Lyon",
  }, '"1"');
  assert.equal(touched.status, 200, touched.text);
  assert.equal(touched.body.version ?? 2, 2);
  assert.equal((await rotateDataKey(context, id)).resealed, 230);
  assert.ok((await sealedRows(world)).every(({ key }) => key === 3));
});

Deno.test("rotation: a new key-encryption key wraps, seals nothing again, and replaces the old one", async () => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  const made = await provisionClinic(stack);
  const stored = sql`select purpose, number, key_id, sealed from clinic_secrets
    where clinic_id = ${made.id} order by purpose, number`;
  const before = await inCentral<StoredRow>(stack, stored);
  const oldLine = await Deno.readTextFile(stack.keyFile);
  const newLine = newLocalKeyLine("second");
  const provider = (text: string) => new LocalKeyProvider(new Secret(text));
  const both = provider(`${newLine}\n${oldLine}`);
  const login = workerLogin(stack);
  const seen: number[] = [];
  const options = { login, cell: stack.cell, keys: both };
  const count = await rewrapCell({
    ...options,
    onProgress: (done) => seen.push(done),
  });
  assert.equal(count, before.length);
  assert.deepEqual(seen, [before.length]);
  assert.equal(await rewrapCell(options), 0);

  const after = await inCentral<StoredRow>(stack, stored);
  assert.ok(after.every(({ key_id }) => key_id === "second"));
  after.forEach(({ sealed }, i) =>
    assert.deepEqual(payload(sealed), payload(before[i]!.sealed))
  );
  await Deno.writeTextFile(stack.keyFile, newLine);
  const clinic = await readClinic(stack, made.id);
  await (await Connection.open(clinic.target)).close();
  const cells = (text: string) => new Map([[stack.cell, provider(text)]]);
  await withDatabase(login, CENTRAL_DATABASE, async (central) => {
    const reader = {
      read: <Row>(statement: Sql) => central.rows<Row>(statement),
    };
    await verifyCellKeys(reader, cells(newLine));
    await assert.rejects(
      verifyCellKeys(reader, cells(oldLine)),
      /does not hold the key/,
    );
  });
});

interface StoredRow {
  readonly key_id: string;
  readonly sealed: Uint8Array;
}

/** What the data key of a secret sealed: it stands behind the wrapped key. */
function payload(sealed: Uint8Array): Uint8Array {
  const length = new DataView(sealed.buffer, sealed.byteOffset).getUint16(1);
  return sealed.slice(3 + length);
}

async function addPatients(client: Client, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const answer = await client.post("/v1/patients", {
      profileStatus: "complete",
      givenNames: "Jeanne",
      familyName: "Martin",
      birthDate: "1980-01-01",
      nir: nir(i),
    });
    assert.equal(answer.status, 201, answer.text);
    ids.push(answer.body.id);
  }
  return ids;
}

/** A well-formed number, of nobody. */
function nir(order: number): string {
  const body = 2800175001000 + order;
  return `${body}${String(97 - body % 97).padStart(2, "0")}`;
}

function sealedRows(world: World) {
  return withDatabase(
    workerLogin(world.stack),
    world.clinic(0).database,
    (connection) =>
      connection.rows<
        { id: string; key: number; version: number; updated_at: string }
      >(sql`
        select id, version, updated_at, get_byte(nir_sealed, 3) as key
        from patients where nir_sealed is not null order by id`),
  );
}

function inCentral<Row>(stack: TestStack, statement: Sql): Promise<Row[]> {
  return withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    (central) => central.rows<Row>(statement),
  );
}

async function accepts(client: Client): Promise<number> {
  return (await client.get("/v1/auth/me")).status;
}

function kidOf({ token }: Client): string {
  return JSON.parse(atob(token.split(".")[0]!)).kid;
}

/** What is announced takes a moment to be heard. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!await isTrue()) {
    assert.ok(performance.now() < deadline, "It never happened");
  }
}
