import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { totpCode } from "../../src/crypto/totp.ts";
import { pauseAfter } from "../../src/crypto/second_factor.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import type { StaffRole } from "../../src/kernel/permissions.ts";
import {
  type Answer,
  assertProblem,
  assertSameProblem,
  Client,
  type Json,
} from "../support/client.ts";
import { nextLetter, tokenIn } from "../support/letters.ts";
import { openSession } from "../support/sessions.ts";
import { inClinic, untilWaiting } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import {
  emailOf,
  openWorld,
  type TestClinic,
  type World,
} from "../support/world.ts";

let now = Date.now();
let world: World;
/** Another API process over the same databases. */
let elsewhere: World;

Deno.test.beforeAll(async () => {
  const clock = () => now;
  world = await openWorld({ clock });
  elsewhere = await openWorld({ clinics: 0, clock });
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

/** Somebody with an authenticator app. */
interface Owner {
  readonly clinic: TestClinic;
  readonly role: StaffRole;
  readonly client: Client;
  readonly seed: Uint8Array;
  readonly recoveryCodes: readonly string[];
}

/** The app's code; every call is a time step later, so that no code is asked for twice. */
function nextCode({ seed }: Pick<Owner, "seed">): string {
  now += 30_000;
  return totpCode(seed, Math.floor(now / 1000));
}

async function enrol(clinic: TestClinic, role: StaffRole): Promise<Owner> {
  const { client } = await openSession(world, clinic, role);
  const enrolled = await client.post("/v1/auth/second-factor", {
    currentPassword: clinic.password,
  });
  equal(enrolled.status, 200, enrolled.text);
  const seed = fromBase32(enrolled.body.secret);
  const confirmed = await client.post("/v1/auth/second-factor/confirm", {
    code: nextCode({ seed }),
  });
  equal(confirmed.status, 200, confirmed.text);
  const { recoveryCodes } = confirmed.body;
  return { clinic, role, client, seed, recoveryCodes };
}

function logIn(
  { clinic, role }: Pick<Owner, "clinic" | "role">,
  code?: string,
  members: object = {},
  process = world,
): Promise<Answer> {
  return new Client(process.url).post("/v1/auth/login", {
    clinic: clinic.slug,
    email: emailOf(role),
    password: clinic.password,
    ...(code === undefined ? {} : { code }),
    ...members,
  });
}

Deno.test("second factor: it is asked for once a first code has shown that the app has the secret, and not before", async () => {
  const clinic = world.clinic(0);
  const who = { clinic, role: "nurse" } as const;
  const { client } = await openSession(world, clinic, "nurse");
  deepEqual((await client.get("/v1/auth/second-factor")).body, {
    enabled: false,
    recoveryCodesLeft: 0,
  });
  const { body } = await client.post("/v1/auth/second-factor", {
    currentPassword: clinic.password,
  });
  const uri = new URL(body.uri);
  equal(uri.searchParams.get("secret"), body.secret);
  ok(decodeURIComponent(uri.pathname).includes(emailOf("nurse")));
  equal((await logIn(who)).status, 200);
  const wrong = await client.post("/v1/auth/second-factor/confirm", {
    code: "000000",
  });
  assertProblem(wrong, 422, "invalid-request");
  equal((await logIn(who)).status, 200);

  const seed = fromBase32(body.secret);
  const code = nextCode({ seed });
  const confirmed = await client.post("/v1/auth/second-factor/confirm", {
    code,
  });
  equal(confirmed.status, 200);
  equal(new Set(confirmed.body.recoveryCodes).size, 10);
  assertProblem(await logIn(who), 401, "second-factor-required");
  // The code that turned it on is used up.
  assertProblem(await logIn(who, code), 401, "second-factor-required");
  equal((await logIn(who, nextCode({ seed }))).status, 200);
  ok((await nextLetter(world, emailOf("nurse"))).text.includes("activée"));
  deepEqual((await client.get("/v1/auth/second-factor")).body, {
    enabled: true,
    recoveryCodesLeft: 10,
  });
});

Deno.test("second factor: a code is good once, also for two API processes at once", async () => {
  const owner = await enrol(world.clinic(0), "physician");
  const code = nextCode(owner);
  const answers = await Promise.all(
    [world, elsewhere, world, elsewhere].map((process) =>
      logIn(owner, code, {}, process)
    ),
  );
  deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401, 401]);
  now += 30_000;
  assertProblem(await logIn(owner, code), 401, "second-factor-required");
  now += 60_000;
  assertProblem(await logIn(owner, code), 401, "second-factor-required");
});

Deno.test("second factor: who is a moment later with the same code is refused, though it was good when the request came", async () => {
  const owner = await enrol(world.clinic(1), "readonly");
  await withDatabase(
    workerLogin(world.stack),
    owner.clinic.database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      let late: Promise<Answer> | undefined;
      await connection.transaction("read write", async (run) => {
        const code = nextCode(owner);
        // What another process does, not committed yet.
        await run.rows(sql`update second_factors
          set last_step = ${Math.floor(now / 30_000)}`);
        late = logIn(owner, code);
        await Promise.race([late, untilWaiting(run)]);
      });
      assertProblem(await late!, 401, "second-factor-required");
    },
  );
});

Deno.test("second factor: a code is no use without the password, and says nothing about it", async () => {
  const owner = await enrol(world.clinic(0), "practitioner");
  const password = "not the password";
  const without = await logIn(owner, undefined, { password });
  const withCode = await logIn(owner, nextCode(owner), { password });
  assertProblem(without, 401, "invalid-credentials");
  assertSameProblem(withCode, without);
  const missing = await logIn(owner);
  assertProblem(missing, 401, "second-factor-required");
  for (const code of ["123456", "abcdef", "ABCD-EFGH-IJKL-MNOP-QRST-UVWX"]) {
    assertSameProblem(await logIn(owner, code), missing);
  }
});

Deno.test("second factor: a recovery code opens once, however it is typed", async () => {
  const owner = await enrol(world.clinic(0), "secretary");
  const [first, second] = owner.recoveryCodes as [string, string];
  equal((await logIn(owner, first)).status, 200);
  assertProblem(await logIn(owner, first), 401, "second-factor-required");
  const typed = second.toLowerCase().replaceAll("-", " ");
  equal((await logIn(owner, typed)).status, 200);
  const { body } = await owner.client.get("/v1/auth/second-factor");
  equal(body.recoveryCodesLeft, 8);

  const renewed = await owner.client.post(
    "/v1/auth/second-factor/recovery-codes",
    { code: nextCode(owner) },
  );
  equal(renewed.body.recoveryCodes.length, 10);
  assertProblem(
    await logIn(owner, owner.recoveryCodes[2]),
    401,
    "second-factor-required",
  );
  equal((await logIn(owner, renewed.body.recoveryCodes[0])).status, 200);
});

Deno.test("second factor: after five wrong codes the right one waits, and a recovery code does not", async () => {
  const owner = await enrol(world.clinic(1), "nurse");
  for (let n = 0; n < 5; n++) {
    assertProblem(await logIn(owner, "000000"), 401, "second-factor-required");
  }
  assertProblem(
    await logIn(owner, nextCode(owner)),
    401,
    "second-factor-required",
  );
  equal((await logIn(owner, owner.recoveryCodes[0])).status, 200);
  await inClinic(
    world,
    owner.clinic,
    sql`update second_factors set failed_at = failed_at - interval '20 minutes'`,
  );
  equal((await logIn(owner, nextCode(owner))).status, 200);
  equal((await logIn(owner, nextCode(owner))).status, 200);
});

Deno.test("second factor: the pause grows with every wrong code, up to a quarter of an hour", () => {
  deepEqual([0, 4, 5, 6, 7, 10, 1_000].map(pauseAfter), [
    0,
    0,
    30,
    60,
    120,
    900,
    900,
  ]);
});

Deno.test("second factor: another password does not turn it off", async () => {
  const owner = await enrol(world.clinic(1), "physician");
  const { clinic, role } = owner;
  const email = emailOf(role);
  const anybody = new Client(world.url);
  await anybody.post("/v1/auth/password/forgot", {
    clinic: clinic.slug,
    email,
  });
  const token = tokenIn(await nextLetter(world, email, 2));
  const password = "Girouette oblique 47";
  equal(
    (await anybody.post("/v1/auth/password/reset", { token, password })).status,
    204,
  );
  assertProblem(
    await logIn(owner, undefined, { password }),
    401,
    "second-factor-required",
  );
  equal((await logIn(owner, nextCode(owner), { password })).status, 200);
});

Deno.test("second factor: it is turned off with the password and a code, and not with one of them", async () => {
  const owner = await enrol(world.clinic(1), "secretary");
  const { client, clinic } = owner;
  const path = "/v1/auth/second-factor/disable";
  const currentPassword = clinic.password;
  const refusals: [Json, string][] = [
    [
      { currentPassword: "wrong", code: nextCode(owner) },
      "#/currentPassword",
    ],
    [{ currentPassword, code: "000000" }, "#/code"],
  ];
  for (const [body, pointer] of refusals) {
    const answer = await client.post(path, body);
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].pointer, pointer);
  }
  assertProblem(await logIn(owner), 401, "second-factor-required");
  assertProblem(
    await client.post("/v1/auth/second-factor", { currentPassword }),
    409,
    "conflict",
  );
  const code = nextCode(owner);
  equal((await client.post(path, { currentPassword, code })).status, 204);
  equal((await logIn(owner)).status, 200);
  assertProblem(
    await client.post(path, { currentPassword, code }),
    409,
    "conflict",
  );
});

Deno.test("second factor: an admin turns it off for who has lost everything, but not for themselves", async () => {
  const owner = await enrol(world.clinic(1), "practitioner");
  const admin = await enrol(world.clinic(1), "admin");
  const { id } = (await owner.client.get("/v1/auth/me")).body;
  const own = (await admin.client.get("/v1/auth/me")).body.id;
  const path = `/v1/staff/${id}/clear-second-factor`;
  assertProblem(await owner.client.post(path), 403, "permission-denied");
  equal((await admin.client.post(path)).status, 204);
  equal((await logIn(owner)).status, 200);
  assertProblem(await admin.client.post(path), 409, "conflict");
  assertProblem(
    await admin.client.post(`/v1/staff/${own}/clear-second-factor`),
    409,
    "own-account",
  );
});

Deno.test("second factor: neither seed nor codes stand in the database or the log, and a seed opens in its own row only", async () => {
  const owner = await enrol(world.clinic(0), "readonly");
  const clinic = owner.clinic;
  const rows = await inClinic<{ text: string }>(
    world,
    clinic,
    sql`select row_to_json(t)::text as text from second_factors t
      union all select row_to_json(t)::text from recovery_codes t`,
  );
  const hex = owner.seed.toHex();
  const secrets = [hex, utf8Hex(hex), ...owner.recoveryCodes];
  for (const text of [...rows.map(({ text }) => text), ...world.logLines]) {
    for (const secret of secrets) ok(!text.includes(secret));
  }
  await inClinic(
    world,
    clinic,
    sql`update second_factors set last_step = null, failures = 0, seed_sealed =
        (select seed_sealed from second_factors join staff on id = staff_id
          where email = ${emailOf("readonly")})
      where staff_id = (select id from staff where email = ${
      emailOf("physician")
    })`,
  );
  const moved = await logIn(
    { clinic, role: "physician" },
    nextCode(owner),
  );
  assertProblem(moved, 500, "internal-error");
});

function utf8Hex(text: string): string {
  return new TextEncoder().encode(text).toHex();
}

function fromBase32(text: string): Uint8Array {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...text].map((letter) =>
    alphabet.indexOf(letter).toString(2).padStart(5, "0")
  ).join("");
  return Uint8Array.from(
    bits.match(/.{8}/g) ?? [],
    (byte) => parseInt(byte, 2),
  );
}
