import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import {
  retireTokenKeys,
  rewrapSecrets,
  rotateTokenKey,
} from "../../src/platform/set_up.ts";
import {
  clearSecondFactor,
  setUserState,
} from "../../src/platform/users/commands.ts";
import { type Answer, assertProblem, Client } from "../support/client.ts";
import {
  codeOf,
  logInToPlatform,
  openUser,
  PASSWORD,
  platformKeys,
} from "../support/platform.ts";
import { inCentral, untilWaiting } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";

const ME = "/v1/platform/auth/me";

function refresh(world: World, refreshToken: string): Promise<Answer> {
  return new Client(world.url).post("/v1/platform/auth/refresh", {
    refreshToken,
  });
}

function asOperator<T>(
  world: World,
  fn: Parameters<typeof withDatabase<T>>[2],
): Promise<T> {
  return withDatabase(workerLogin(world.stack), CENTRAL_DATABASE, fn);
}

Deno.test("platform: a refresh token is good once, and using it again after its successor ends the session", async () => {
  await using world = await openWorld({ clinics: 0 });
  const user = await openUser(world);
  const [first, repeated] = await Promise.all([
    refresh(world, user.refreshToken),
    refresh(world, user.refreshToken),
  ]);
  equal(first.status, 200, first.text);
  equal(repeated.body.refreshToken, first.body.refreshToken);
  const second = await refresh(world, first.body.refreshToken);
  equal(second.status, 200, second.text);
  const client = new Client(world.url, second.body.accessToken);
  equal((await client.get(ME)).status, 200);

  assertProblem(await refresh(world, user.refreshToken), 401, "invalid-token");
  assertProblem(await client.get(ME), 401, "invalid-token");
  const last = await refresh(world, second.body.refreshToken);
  assertProblem(last, 401, "invalid-token");
  const actions = await inCentral<{ action: string }>(
    world,
    sql`select action from audit_log where actor_id = ${user.id} order by id`,
  );
  deepEqual(actions.map(({ action }) => action), [
    "platform-session.open",
    "platform-session.refresh",
    "platform-session.refresh",
    "platform-session.refresh",
    "platform-session.reuse",
  ]);
});

Deno.test("platform: logging out, ending a session and changing the password end what they should, at once", async () => {
  await using world = await openWorld({ clinics: 0 });
  const user = await openUser(world);
  const again = await logInToPlatform(world, user, {
    code: codeOf(user.seed, 1),
  });
  const other = new Client(world.url, again.body.accessToken);
  const { body } = await user.client.get("/v1/platform/auth/sessions");
  equal(body.data.length, 2);
  deepEqual(
    body.data.map((each: { current: boolean }) => each.current),
    [false, true],
  );
  const change = { currentPassword: PASSWORD, newPassword: "short" };
  const path = "/v1/platform/auth/password";
  const weak = await user.client.post(path, change);
  assertProblem(weak, 422, "invalid-request");
  const changed = await user.client.post(path, {
    ...change,
    newPassword: "Baromètre pensif 52",
  });
  equal(changed.status, 204, changed.text);
  assertProblem(await other.get(ME), 401, "invalid-token");
  equal((await user.client.get(ME)).status, 200);
  assertProblem(
    await logInToPlatform(world, user, { code: codeOf(user.seed, 1) }),
    401,
    "invalid-credentials",
  );
  await new Client(world.url).post("/v1/platform/auth/logout", {
    refreshToken: user.refreshToken,
  });
  assertProblem(await user.client.get(ME), 401, "invalid-token");
});

Deno.test("platform: whoever is suspended, has another role or lost the app is out at once", async () => {
  await using world = await openWorld({ clinics: 0 });
  const [suspended, demoted, cleared] = await Promise.all([
    openUser(world),
    openUser(world),
    openUser(world),
  ]);
  await asOperator(world, async (central) => {
    await setUserState(central, suspended.email, "suspended");
    await clearSecondFactor(central, cleared.email.toUpperCase());
  });
  await inCentral(
    world,
    sql`update platform_users set role = 'auditor' where id = ${demoted.id}`,
  );
  for (const { client, refreshToken } of [suspended, demoted, cleared]) {
    assertProblem(await client.get(ME), 401, "invalid-token");
    assertProblem(await refresh(world, refreshToken), 401, "invalid-token");
  }
  const code = codeOf(suspended.seed);
  const out = await logInToPlatform(world, suspended, { code });
  assertProblem(out, 401, "invalid-credentials");
  const anew = await logInToPlatform(world, cleared, {
    code: codeOf(cleared.seed),
  });
  assertProblem(anew, 401, "enrolment-required");
});

Deno.test("platform: a new signing key takes over without a refused request, and a stolen one can be revoked", async () => {
  let now = Date.now();
  await using world = await openWorld({ clinics: 0, clock: () => now });
  const user = await openUser(world);
  const keys = platformKeys(world.stack);
  const jwks = "/.well-known/jwks.json?issuer=platform";
  const before = await new Client(world.url).get(jwks);
  await asOperator(world, async (central) => {
    await rotateTokenKey(central, keys, async () => {
      now += 2_000;
      equal((await user.client.get(ME)).status, 200);
    });
    now += 2_000;
    equal((await user.client.get(ME)).status, 200);
    const next = await refresh(world, user.refreshToken);
    const kid = JSON.parse(atob(next.body.accessToken.split(".")[0])).kid;
    const after = await new Client(world.url).get(jwks);
    equal(after.body.keys.length, before.body.keys.length + 1);
    equal(after.body.keys.at(-1).kid, kid);
    ok(!after.text.includes('"d"'));
    equal(await retireTokenKeys(central, 600), 0);

    equal(await retireTokenKeys(central, 0, 0), 1);
    now += 2_000;
    assertProblem(await user.client.get(ME), 401, "invalid-token");
    const client = new Client(world.url, next.body.accessToken);
    equal((await client.get(ME)).status, 200);
    equal(await rewrapSecrets(central, keys), 3);
    now += 2_000;
    equal((await client.get(ME)).status, 200);
  });
});

Deno.test("platform: what the central database holds opens nothing without the platform's key, and with it only in its place", async () => {
  await using world = await openWorld({ clinics: 0 });
  const [one, other] = await Promise.all([openUser(world), openUser(world)]);
  // The seed of one in the place of the other: codes of it are none.
  await inCentral(
    world,
    sql`delete from platform_second_factors where user_id = ${other.id}`,
  );
  await inCentral(
    world,
    sql`insert into platform_second_factors (user_id, seed_sealed, confirmed_at)
      select ${other.id}, seed_sealed, confirmed_at
      from platform_second_factors where user_id = ${one.id}`,
  );
  const moved = await logInToPlatform(world, other, { code: codeOf(one.seed) });
  assertProblem(moved, 500, "internal-error");
  const kept = await inCentral<{ text: string }>(
    world,
    sql`select (select string_agg(encode(sealed, 'hex'), ' ')
        from platform_secrets) as text`,
  );
  notEqual(kept[0]!.text, "");
  ok(!kept[0]!.text.includes(one.seed.toHex()));
});

Deno.test("platform: of two changes of one password at once, the second is a conflict", async () => {
  await using world = await openWorld({ clinics: 0 });
  const user = await openUser(world);
  const change = (newPassword: string) =>
    user.client.post("/v1/platform/auth/password", {
      currentPassword: PASSWORD,
      newPassword,
    });
  const changes = await asOperator(
    world,
    (central) =>
      central.transaction("read write", async (run) => {
        await run.rows(sql`select from platform_users where id = ${user.id}
        for update`);
        const both = ["Baromètre pensif 52", "Parapluie oblique 11"].map(
          change,
        );
        await untilWaiting(run);
        return both;
      }),
  );
  const answers = await Promise.all(changes);
  deepEqual(answers.map(({ status }) => status).toSorted(), [204, 409]);
});
