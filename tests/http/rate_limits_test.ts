import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Hono } from "hono";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import type { PublicEnv } from "../../src/http/env.ts";
import { openRateLimits } from "../../src/http/limits/open_rate_limits.ts";
import { RateStore } from "../../src/http/limits/rate_store.ts";
import { SharedCounters } from "../../src/http/limits/shared_counters.ts";
import { AppError } from "../../src/kernel/errors.ts";
import { createLogger } from "../../src/kernel/log.ts";
import { Secret } from "../../src/kernel/secret.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { assertProblem, Client, logIn } from "../support/client.ts";
import { superuserLogin, testStack } from "../support/test_stack.ts";
import { emailOf, openWorld, type World } from "../support/world.ts";

function badLogin(world: World, from: World, email = emailOf("admin")) {
  return new Client(world.url).post("/v1/auth/login", {
    clinic: from.clinic(0).slug,
    email,
    password: "wrong",
  });
}

/** Tests share one network: each that counts attempts gets addresses of its own. */
function freshAddress(): string {
  return `fd00:${
    crypto.randomUUID().slice(0, 18).match(/[0-9a-f]{4}/g)!.slice(0, 3).join(
      ":",
    )
  }::1`;
}

Deno.test("login limit: with two API processes, 100 parallel attempts at q=10 are let through exactly 10 times", async () => {
  const rates = { login: { quota: 10, seconds: 900 } };
  await using one = await openWorld({ clinics: 1, rates });
  await using other = await openWorld({ clinics: 0, rates });
  const answers = await Promise.all(
    Array.from(
      { length: 100 },
      (_, index) => badLogin(index % 2 ? one : other, one),
    ),
  );
  const tried = answers.filter(({ status }) => status === 401);
  const refused = answers.filter(({ status }) => status === 429);
  equal(tried.length + refused.length, 100);
  equal(tried.length, 10);
  for (const answer of refused) {
    assertProblem(answer, 429, "too-many-requests");
    deepEqual(answer.body.violatedPolicies, ["login"]);
    const retryAfter = Number(answer.headers.get("retry-after"));
    ok(retryAfter >= 1 && retryAfter <= 900);
    equal(answer.headers.get("ratelimit-policy"), '"login";q=10;w=900');
    match(answer.headers.get("ratelimit")!, /^"login";r=0;t=\d+$/);
  }
  deepEqual(
    tried.map(({ headers }) => /r=(\d+)/.exec(headers.get("ratelimit")!)![1])
      .map(Number).sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});

Deno.test("login limit: log-ins that are right do not count, and others at the account are not kept out", async () => {
  const proxy = "127.0.0.1";
  await using world = await openWorld({
    clinics: 1,
    rates: { login: { quota: 3, seconds: 900 } },
    trustedProxies: [proxy],
  });
  const clinic = world.clinic(0);
  function from(address: string, password: string) {
    return new Client(world.url).post(
      "/v1/auth/login",
      { clinic: clinic.slug, email: emailOf("admin"), password },
      { "x-forwarded-for": address },
    );
  }
  const [attacker, owner] = [freshAddress(), freshAddress()];
  for (let round = 0; round < 5; round++) {
    equal((await from(owner, clinic.password)).status, 200);
  }
  // All of a quota at once, and afterwards nothing of it is spent.
  await Promise.all(
    Array.from({ length: 3 }, () => from(owner, clinic.password)),
  );
  for (let round = 0; round < 3; round++) {
    equal((await from(attacker, "wrong")).status, 401);
  }
  equal((await from(attacker, clinic.password)).status, 429);
  equal((await from(owner, clinic.password)).status, 200);
});

Deno.test("login limit: one network that tries many accounts is stopped, and so is one account tried from many", async () => {
  await using world = await openWorld({
    clinics: 1,
    rates: {
      loginNetwork: { quota: 4, seconds: 900 },
      loginAccount: { quota: 6, seconds: 900 },
    },
    trustedProxies: ["127.0.0.0/8"],
  });
  function attempt(address: string, email: string) {
    return new Client(world.url).post(
      "/v1/auth/login",
      { clinic: world.clinic(0).slug, email, password: "wrong" },
      { "x-forwarded-for": `203.0.113.99, ${address}` },
    );
  }
  const network = freshAddress();
  const spraying = await Promise.all(
    Array.from({ length: 6 }, (_, i) => attempt(network, `a${i}@x.example`)),
  );
  equal(spraying.filter(({ status }) => status === 401).length, 4);
  for (const answer of spraying.filter(({ status }) => status === 429)) {
    deepEqual(answer.body.violatedPolicies, ["login-network"]);
  }
  const neighbour = network.replace(/::1$/, "::2");
  equal((await attempt(neighbour, "b@x.example")).status, 429);

  const spread = await Promise.all(
    Array.from({ length: 8 }, () => attempt(freshAddress(), emailOf("nurse"))),
  );
  equal(spread.filter(({ status }) => status === 401).length, 6);
  for (const answer of spread.filter(({ status }) => status === 429)) {
    deepEqual(answer.body.violatedPolicies, ["login-account"]);
  }
});

Deno.test("login limit: an account that does not exist, and a clinic that does not, are counted the same", async () => {
  await using world = await openWorld({
    clinics: 1,
    rates: { login: { quota: 2, seconds: 900 } },
  });
  const nobody = `nobody-${crypto.randomUUID()}@x.example`;
  for (const slug of [world.clinic(0).slug, "no-such-clinic"]) {
    const statuses: number[] = [];
    for (let round = 0; round < 3; round++) {
      const answer = await new Client(world.url).post("/v1/auth/login", {
        clinic: slug,
        email: nobody,
        password: "wrong",
      });
      statuses.push(answer.status);
      match(answer.headers.get("ratelimit-policy")!, /^"login";q=2;w=900$/);
    }
    deepEqual(statuses, [401, 401, 429]);
  }
});

Deno.test("login limit: nothing in the central database tells whose attempts were counted", async () => {
  await using world = await openWorld({ clinics: 1 });
  await badLogin(world, world, "zoe.legoff@example.org");
  const rows = await withDatabase(
    superuserLogin(world.stack),
    CENTRAL_DATABASE,
    (central) =>
      central.rows<{ key: string }>(sql`select key from rate_limits`),
  );
  ok(rows.length > 0);
  for (const { key } of rows) {
    // What is longer than chance could spell in a digest
    ok(!/legoff|example|127\.0\.0\.1/.test(key), key);
  }
});

Deno.test("login limit: when nobody can count, nobody logs in; who is logged in goes on", async () => {
  await using world = await openWorld({ clinics: 1 });
  await using nowhere = new Pool({
    host: "127.0.0.1",
    port: closedPort(),
    database: CENTRAL_DATABASE,
    user: "cloison_api",
    password: new Secret("x"),
    applicationName: "cloison-test",
  }, { maxConnections: 1, maxPipelined: 1, maxWaiting: 100 });
  const rate = { quota: 10, seconds: 60 };
  const limits = openRateLimits({
    central: nowhere,
    directory: world.directory,
    rates: {
      actor: rate,
      clinic: rate,
      login: rate,
      loginNetwork: rate,
      loginAccount: rate,
    },
    clock: Date.now,
    log: createLogger({ write: () => {}, clock: Date.now }),
  });
  const app = new Hono<PublicEnv>();
  app.post("/login", async (c) => {
    c.set("origin", { requestId: "r", address: "192.0.2.1" });
    const attempt = { clinic: world.clinic(0).slug, email: emailOf("admin") };
    return c.text(
      await limits.logins.attempt(c, attempt, () => Promise.resolve("in")),
    );
  });
  let failure: unknown;
  app.onError((error, c) => {
    failure = error;
    return c.text("refused", 503);
  });
  const answer = await app.request("/login", { method: "POST" });
  equal(await answer.text(), "refused");
  ok(failure instanceof AppError && failure.code === "service-unavailable");

  const { actor } = await world.tokens.verify(
    (await logIn(world, world.clinic(0))).token,
  );
  for (let round = 0; round < 5; round++) {
    for (const state of limits.take(actor)) equal(state.exceeded, false);
  }
  await limits.close();
});

function closedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

Deno.test("rate limit: a person is told what is left, and refused when nothing is", async () => {
  await using world = await openWorld({
    clinics: 1,
    rates: {
      actor: { quota: 5, seconds: 60 },
      clinic: { quota: 100, seconds: 60 },
    },
  });
  const client = await logIn(world, world.clinic(0));
  for (let left = 4; left >= 0; left--) {
    const answer = await client.get("/v1/auth/me");
    equal(answer.status, 200);
    equal(
      answer.headers.get("ratelimit-policy"),
      '"actor";q=5;w=60, "clinic";q=100;w=60',
    );
    match(
      answer.headers.get("ratelimit")!,
      new RegExp(`^"actor";r=${left};t=\\d+, "clinic";r=${left + 95};t=\\d+$`),
    );
  }
  const refused = await client.get("/v1/auth/me");
  assertProblem(refused, 429, "too-many-requests");
  deepEqual(refused.body.violatedPolicies, ["actor"]);
  match(refused.headers.get("ratelimit")!, /^"actor";r=0;t=\d+$/);
  ok(Number(refused.headers.get("retry-after")) >= 1);
  const colleague = await logIn(world, world.clinic(0), "nurse");
  equal((await colleague.get("/v1/auth/me")).status, 200);
});

Deno.test("rate limit: one clinic's exhaustion is not its neighbour's", async () => {
  await using world = await openWorld({
    rates: { clinic: { quota: 4, seconds: 60 } },
  });
  const [loud, quiet] = [
    await logIn(world, world.clinic(0)),
    await logIn(world, world.clinic(1)),
  ];
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) {
    statuses.push((await loud!.get("/v1/auth/me")).status);
  }
  deepEqual(statuses, [200, 200, 200, 200, 429]);
  equal((await quiet!.get("/v1/auth/me")).status, 200);
});

Deno.test("rate limit: two API processes share what is left of a quota", async () => {
  const rates = { actor: { quota: 40, seconds: 60 } };
  await using one = await openWorld({ clinics: 1, rates });
  await using other = await openWorld({ clinics: 0, rates });
  const here = await logIn(one, one.clinic(0));
  const there = new Client(other.url, here.token);
  for (let i = 0; i < 20; i++) {
    equal((await here.get("/v1/auth/me")).status, 200);
  }
  const { staffId } = (await one.tokens.verify(here.token)).actor;
  await untilStored(one, `actor:${staffId}`, 20);
  // Its first request is counted before it has heard of the others; what it hears then, the next one shows.
  equal((await there.get("/v1/auth/me")).status, 200);
  await untilStored(one, `actor:${staffId}`, 21);
  let asked = 21;
  const left = /^"actor";r=(\d+)/;
  for (let rest = 40; rest !== 40 - asked;) {
    const answer = await there.get("/v1/auth/me");
    equal(answer.status, 200, "the other process never learned of the first");
    rest = Number(left.exec(answer.headers.get("ratelimit")!)![1]);
    asked++;
  }
  let passed = asked;
  while (
    (await (passed % 2 ? here : there).get("/v1/auth/me")).status === 200
  ) passed++;
  ok(passed >= 40 && passed <= 44, `${passed} requests passed at q=40`);
});

async function untilStored(
  world: World,
  key: string,
  points: number,
): Promise<void> {
  const login = superuserLogin(world.stack);
  await withDatabase(login, CENTRAL_DATABASE, async (central) => {
    for (;;) {
      const [row] = await central.rows<{ points: number }>(
        sql`select points from rate_limits where key = ${key}`,
      );
      if (row?.points === points) return;
    }
  });
}

function counters(store: RateStore, now: () => number) {
  const lines: string[] = [];
  const log = createLogger({
    write: (line) => lines.push(line),
    clock: Date.now,
  });
  return { counters: new SharedCounters({ store, clock: now, log }), lines };
}

function centralPool(): Pool {
  const stack = testStack();
  const { user, password } = stack.credentials.api;
  return new Pool({
    ...stack.pooler,
    database: CENTRAL_DATABASE,
    user,
    password: new Secret(password),
    applicationName: "cloison-test",
  }, { maxConnections: 2, maxPipelined: 16, maxWaiting: 100 });
}

Deno.test("SharedCounters asks the store a few times for thousands of requests", async () => {
  await using pool = centralPool();
  let statements = 0;
  const counting = {
    execute<Row>(statement: ReturnType<typeof sql>): Promise<Row[]> {
      statements++;
      return pool.execute<Row>(statement);
    },
  };
  const { counters: shared } = counters(new RateStore(counting), Date.now);
  const policy = { name: "actor", quota: 1_000_000, seconds: 60 };
  const ids = Array.from({ length: 100 }, () => crypto.randomUUID());
  for (let round = 0; round < 50; round++) {
    for (const id of ids) equal(shared.take(policy, id).exceeded, false);
  }
  await shared.close();
  ok(statements <= 3, `${statements} statements for 5,000 requests`);
  const rows = await pool.read<{ points: number }>(
    sql`select points from rate_limits
      where key = any (${ids.map((id) => `actor:${id}`)}::text[])`,
  );
  equal(rows.length, 100);
  for (const { points } of rows) equal(points, 50);
});

Deno.test("SharedCounters begins again when the window has ended", async () => {
  await using pool = centralPool();
  let now = Date.now();
  const { counters: shared } = counters(new RateStore(pool), () => now);
  const policy = { name: "actor", quota: 2, seconds: 60 };
  const id = crypto.randomUUID();
  equal(shared.take(policy, id).exceeded, false);
  equal(shared.take(policy, id).exceeded, false);
  const refused = shared.take(policy, id);
  equal(refused.exceeded, true);
  equal(refused.reset, 60);
  now += 60_000;
  equal(shared.take(policy, id).exceeded, false);
  await shared.close();
});

Deno.test("SharedCounters stays open without its store, and keeps the own part bounded", async () => {
  const down = {
    execute: () => Promise.reject(new Error("away")),
  } as unknown as Pool;
  const { counters: shared, lines } = counters(new RateStore(down), Date.now);
  const policy = { name: "actor", quota: 3, seconds: 60 };
  const taken = Array.from({ length: 5 }, () => shared.take(policy, "someone"));
  deepEqual(taken.map(({ exceeded }) => exceeded), [
    false,
    false,
    false,
    true,
    true,
  ]);
  await shared.close();
  ok(lines.some((line) => line.includes("rate_limits.unshared")));
});
