import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { argon2id, formatPhc } from "../../src/crypto/argon2id.ts";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import {
  type Answer,
  assertProblem,
  assertSameProblem,
  Client,
} from "../support/client.ts";
import { lettersTo, nextLetter, tokenIn } from "../support/letters.ts";
import { openSession, refresh } from "../support/sessions.ts";
import { inClinic, untilWaiting } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import {
  emailOf,
  openWorld,
  type TestClinic,
  type World,
} from "../support/world.ts";

const NEW_PASSWORD = "Girouette oblique 47";

let world: World;
/** Another API process over the same databases. */
let elsewhere: World;
let anybody: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  elsewhere = await openWorld({ clinics: 0 });
  anybody = new Client(world.url);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

async function logInStatus(
  clinic: TestClinic,
  email: string,
  password: string,
): Promise<number> {
  const members = { clinic: clinic.slug, email, password };
  return (await anybody.post("/v1/auth/login", members)).status;
}

async function asksForReset(
  clinic: TestClinic,
  email: string,
  count = 1,
): Promise<string> {
  const answer = await anybody.post("/v1/auth/password/forgot", {
    clinic: clinic.slug,
    email,
  });
  equal(answer.status, 202);
  return tokenIn(await nextLetter(world, email, count));
}

Deno.test("accounts: a changed password ends all other sessions, in every process, and its owner is told", async () => {
  const clinic = world.clinic(0);
  const mine = await openSession(world, clinic, "nurse");
  const other = await openSession(world, clinic, "nurse");
  const there = new Client(elsewhere.url, other.accessToken);
  equal((await there.get("/v1/auth/me")).status, 200);

  const changed = await mine.client.post("/v1/auth/password", {
    currentPassword: clinic.password,
    newPassword: NEW_PASSWORD,
  });
  equal(changed.status, 204);
  assertProblem(await other.client.get("/v1/auth/me"), 401, "invalid-token");
  const deadline = performance.now() + 2_000;
  while ((await there.get("/v1/auth/me")).status === 200) {
    ok(performance.now() < deadline, "the other session still is served");
  }
  assertProblem(await refresh(world, other.refreshToken), 401, "invalid-token");
  equal((await mine.client.get("/v1/auth/me")).status, 200);
  equal(await logInStatus(clinic, emailOf("nurse"), clinic.password), 401);
  equal(await logInStatus(clinic, emailOf("nurse"), NEW_PASSWORD), 200);
  ok((await nextLetter(world, emailOf("nurse"))).text.includes("mot de passe"));
});

Deno.test("accounts: a password is not changed without the present one, nor to one that breaks a rule", async () => {
  const clinic = world.clinic(0);
  const { client } = await openSession(world, clinic, "physician");
  const attempts = [
    ["wrong password here", NEW_PASSWORD, "#/currentPassword", ["wrong"]],
    [clinic.password, "kurz", "#/newPassword", ["too-short", "too-common"]],
    [clinic.password, "motdepasse1234", "#/newPassword", ["too-common"]],
    [clinic.password, "x".repeat(129), "#/newPassword", ["too-long"]],
    [clinic.password, "physician-clinic!", "#/newPassword", [
      "too-close-to-context",
    ]],
  ] as const;
  for (const [currentPassword, newPassword, pointer, codes] of attempts) {
    const answer = await client.post("/v1/auth/password", {
      currentPassword,
      newPassword,
    });
    assertProblem(answer, 422, "invalid-request");
    deepEqual(
      answer.body.errors.map((each: { code: string }) => each.code),
      codes,
      newPassword,
    );
    equal(answer.body.errors[0].pointer, pointer);
    ok(!JSON.stringify(answer.body).includes(newPassword));
  }
  equal(await logInStatus(clinic, emailOf("physician"), clinic.password), 200);
});

Deno.test("accounts: of two changes of one password at once, the second is a conflict", async () => {
  const clinic = world.clinic(1);
  const email = emailOf("practitioner");
  const { client } = await openSession(world, clinic, "practitioner");
  let changing: Promise<Answer> | undefined;
  await withDatabase(
    workerLogin(world.stack),
    clinic.database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      const [before] = await connection.rows<{ password_hash: string }>(
        sql`select password_hash from staff where email = ${email}`,
      );
      await connection.transaction("read write", async (run) => {
        // What another process does, not committed yet.
        await run.rows(sql`update staff set password_hash = 'another'
          where email = ${email}`);
        changing = client.post("/v1/auth/password", {
          currentPassword: clinic.password,
          newPassword: NEW_PASSWORD,
        });
        await Promise.race([changing, untilWaiting(run)]);
      });
      assertProblem(await changing!, 409, "conflict");
      await connection.rows(sql`update staff
        set password_hash = ${before!.password_hash} where email = ${email}`);
    },
  );
  equal(await logInStatus(clinic, email, clinic.password), 200);
});

Deno.test("accounts: a forgotten password is replaced by a mailed link that is good once", async () => {
  const clinic = world.clinic(1);
  const email = emailOf("secretary");
  const session = await openSession(world, clinic, "secretary");
  const token = await asksForReset(clinic, email);
  ok(token.startsWith(`${clinic.id}.`));

  const weak = await anybody.post("/v1/auth/password/reset", {
    token,
    password: "short",
  });
  assertProblem(weak, 422, "invalid-request");
  const reset = { token, password: NEW_PASSWORD };
  equal((await anybody.post("/v1/auth/password/reset", reset)).status, 204);
  assertProblem(
    await anybody.post("/v1/auth/password/reset", reset),
    404,
    "invalid-link",
  );
  equal(await logInStatus(clinic, email, clinic.password), 401);
  equal(await logInStatus(clinic, email, NEW_PASSWORD), 200);
  assertProblem(await session.client.get("/v1/auth/me"), 401, "invalid-token");
  assertProblem(
    await refresh(world, session.refreshToken),
    401,
    "invalid-token",
  );
});

Deno.test("accounts: of two who follow one link at once, one gets in", async () => {
  const clinic = world.clinic(1);
  const token = await asksForReset(clinic, emailOf("practitioner"));
  const answers = await Promise.all(
    [world, elsewhere].map((each) =>
      new Client(each.url).post("/v1/auth/password/reset", {
        token,
        password: NEW_PASSWORD,
      })
    ),
  );
  deepEqual(answers.map(({ status }) => status).sort(), [204, 404]);
});

Deno.test("accounts: whatever is wrong with a link, the answer is one and the same", async () => {
  const clinic = world.clinic(1);
  const email = emailOf("readonly");
  const token = await asksForReset(clinic, email);
  const [id, secret] = token.split(".") as [string, string];
  async function follow(text: string, path = "password/reset") {
    return await anybody.post(`/v1/auth/${path}`, {
      token: text,
      password: NEW_PASSWORD,
    });
  }
  const reference = await follow(`${crypto.randomUUID()}.${secret}`);
  assertProblem(reference, 404, "invalid-link");
  const wrong = [
    await follow(`${world.clinic(0).id}.${secret}`),
    await follow(`${id}.${"A".repeat(43)}`),
    // An invitation it is not.
    await follow(token, "invitations/accept"),
  ];
  await inClinic(
    world,
    clinic,
    sql`update link_tokens set expires_at = now()
      where staff_id = (select id from staff where email = ${email})`,
  );
  wrong.push(await follow(token));
  for (const answer of wrong) assertSameProblem(answer, reference);
});

Deno.test("accounts: neither answer nor time tells whether there is an account, and strangers get no letter", async () => {
  const clinic = world.clinic(0);
  const asked = [
    { clinic: clinic.slug, email: emailOf("readonly") },
    { clinic: clinic.slug, email: "nobody@clinic.test" },
    { clinic: "no-such-clinic", email: emailOf("readonly") },
  ];
  const rounds: number[][] = [];
  for (let round = 0; round < 5; round++) {
    rounds.push(
      await Promise.all(asked.map(async (members) => {
        const started = performance.now();
        const answer = await anybody.post("/v1/auth/password/forgot", members);
        equal(answer.status, 202);
        equal(answer.body, "");
        return performance.now() - started;
      })),
    );
  }
  const medians = asked.map((_, kind) =>
    rounds.map((round) => round[kind]!).sort((a, b) => a - b)[2]!
  );
  ok(
    Math.max(...medians) - Math.min(...medians) < 50,
    `medians in ms: ${medians.join(", ")}`,
  );
  await nextLetter(world, emailOf("readonly"), 5);
  equal((await lettersTo(world, "nobody@clinic.test")).length, 0);
});

Deno.test("accounts: one account is mailed five links an hour, also when two ask at once", async () => {
  const clinic = world.clinic(0);
  const email = emailOf("admin");
  const links = sql`from link_tokens where staff_id =
    (select id from staff where email = ${email})`;
  function stored(from: number, to: number) {
    return sql`insert into link_tokens (hash, staff_id, purpose, expires_at)
      select sha256(number::text::bytea), staff.id, 'password-reset', now()
      from staff, generate_series(${from}::integer, ${to}::integer) as number
      where email = ${email}`;
  }
  await withDatabase(
    workerLogin(world.stack),
    clinic.database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      await connection.rows(stored(1, 4));
      let asking: Promise<unknown> | undefined;
      await connection.transaction("read write", async (run) => {
        // What another process does, not committed yet.
        await run.rows(sql`select from staff where email = ${email}
          for no key update`);
        await run.rows(stored(5, 5));
        asking = anybody.post("/v1/auth/password/forgot", {
          clinic: clinic.slug,
          email,
        });
        await Promise.race([asking, untilWaiting(run)]);
      });
      await asking;
      equal((await connection.rows(sql`select ${links}`)).length, 5);
    },
  );
});

Deno.test("accounts: a suspended account gets no letter, and a link of before is void", async () => {
  const clinic = world.clinic(1);
  const email = emailOf("physician");
  const token = await asksForReset(clinic, email);
  await inClinic(
    world,
    clinic,
    sql`update staff set state = 'suspended' where email = ${email}`,
  );
  assertProblem(
    await anybody.post("/v1/auth/password/reset", {
      token,
      password: NEW_PASSWORD,
    }),
    404,
    "invalid-link",
  );
  await anybody.post("/v1/auth/password/forgot", {
    clinic: clinic.slug,
    email,
  });
  equal((await lettersTo(world, email)).length, 1);
});

Deno.test("accounts: nothing in the database makes a link, and no log line holds one", async () => {
  const clinic = world.clinic(1);
  const token = await asksForReset(clinic, emailOf("nurse"));
  const secret = token.split(".")[1]!;
  const hex = Uint8Array.fromBase64(secret, { alphabet: "base64url" }).toHex();
  const rows = await inClinic<{ text: string }>(
    world,
    clinic,
    sql`select row_to_json(t)::text as text from link_tokens t`,
  );
  notEqual(rows.length, 0);
  const places = [...rows.map(({ text }) => text), ...world.logLines];
  for (const text of places) {
    ok(!text.includes(secret) && !text.includes(hex));
  }
});

Deno.test("accounts: a password that was hashed at a lower cost is hashed again at the next log-in", async () => {
  const clinic = world.clinic(1);
  const email = emailOf("admin");
  const cheap = await cheapHash(clinic.password);
  await inClinic(
    world,
    clinic,
    sql`update staff set password_hash = ${cheap} where email = ${email}`,
  );
  equal(await logInStatus(clinic, email, "not the password"), 401);
  equal(await hashOf(clinic, email), cheap);
  equal(await logInStatus(clinic, email, clinic.password), 200);
  ok(
    (await hashOf(clinic, email)).startsWith("$argon2id$v=19$m=19456,t=2,p=1$"),
  );
  equal(await logInStatus(clinic, email, clinic.password), 200);
});

async function hashOf(clinic: TestClinic, email: string): Promise<string> {
  const [row] = await inClinic<{ password_hash: string }>(
    world,
    clinic,
    sql`select password_hash from staff where email = ${email}`,
  );
  return row!.password_hash;
}

async function cheapHash(password: string): Promise<string> {
  const cost = { memory: 1024, passes: 1, parallelism: 1 };
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const bytes = new TextEncoder().encode(password);
  return formatPhc({ cost, salt, hash: await argon2id(bytes, salt, cost) });
}
