import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { setUserState } from "../../src/platform/users/commands.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import { newLocalKeyLine } from "../../src/crypto/key_provider.ts";
import { Pool } from "../../src/db/pool.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { assertProblem, Client } from "../support/client.ts";
import { OpenApiDocument } from "../support/document.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import {
  addEnrolled,
  type LoggedInUser,
  openUser,
} from "../support/platform.ts";
import { claimsOf } from "../support/sessions.ts";
import { inCentral } from "../support/sql.ts";
import { testStack, workerLogin } from "../support/test_stack.ts";
import { openWorld } from "../support/world.ts";

function refusedWith(code: string) {
  return (error: unknown) =>
    error instanceof DatabaseError &&
    (error.sqlState === code || error.constraint === code);
}

Deno.test("platform: the API's role can change no user, put no other app in place, and read no more than it needs", async () => {
  await using world = await openWorld({ clinics: 0 });
  const user = await openUser(world);
  const { user: role, password } = world.stack.credentials.api;
  const api = await Connection.open({
    ...world.stack.postgres,
    user: role,
    password: new Secret(password),
    database: CENTRAL_DATABASE,
    applicationName: "test",
  });
  const forbidden: [Sql, string][] = [
    [sql`update platform_users set role = 'owner'`, "42501"],
    [sql`update platform_users set password_hash = 'x'`, "42501"],
    [sql`delete from platform_users`, "42501"],
    [
      sql`insert into platform_users (id, email, display_name, role, password_hash)
        values (${uuidv7()}, 'a@b.fr', 'A', 'owner', 'x')`,
      "42501",
    ],
    [sql`delete from platform_second_factors`, "42501"],
    [
      sql`update platform_second_factors set seed_sealed = ''::bytea
        where user_id = ${user.id}`,
      "platform_second_factor_stays",
    ],
    [sql`update platform_second_factors set confirmed_at = null`, "23514"],
    [sql`update platform_sessions set expires_at = now()`, "42501"],
    [sql`update platform_secrets set active = false`, "42501"],
    [sql`delete from platform_token_keys`, "42501"],
    [sql`update clinics set state = 'closed'`, "42501"],
    [sql`update clinics set slug = 'other', cell_id = id`, "42501"],
    [sql`update cells set pooler_host = 'elsewhere'`, "42501"],
    [sql`update cells set probe_key_id = null, probe_sealed = null`, "42501"],
    [sql`select from clinic_stock`, "42501"],
    [sql`update operations set state = 'succeeded'`, "42501"],
  ];
  try {
    for (const [statement, code] of forbidden) {
      await rejects(api.rows(statement), refusedWith(code), code);
    }
    const [row] = await api.rows<{ changed: boolean }>(sql`
      select change_platform_password(${uuidv7()}, password_hash, 'x') as changed
      from platform_users where id = ${user.id}`);
    equal(row!.changed, false, "without a session of the user");
    await refuseWithoutOwner(api, await openUser(world, "operator"));
  } finally {
    await api.close();
  }
});

/** Users are changed for the session of an owner, and for nobody else's. */
async function refuseWithoutOwner(
  api: Connection,
  { id, accessToken }: LoggedInUser,
): Promise<void> {
  const sessions = [null, uuidv7(), claimsOf(accessToken).sid as string];
  for (const session of sessions) {
    const statements = [
      sql`select create_platform_user(${session}, ${uuidv7()}, 'a@b.fr', 'A',
        'owner', 'x')`,
      sql`select change_platform_user(${session}, ${id}, null, null, 'owner',
        null)`,
      sql`select clear_platform_factor(${session}, ${id})`,
    ];
    for (const statement of statements) {
      await rejects(
        api.rows(statement),
        refusedWith("platform_users_by_owner"),
        String(session),
      );
    }
  }
}

Deno.test("platform: the last active owner stays, also when two suspend each other at once", async () => {
  await using own = await openOwnTestStack();
  await using world = await openWorld({ clinics: 0, stack: own.stack });
  const [one, two] = await Promise.all([
    addEnrolled(world, "owner"),
    addEnrolled(world, "owner"),
  ]);
  await addEnrolled(world, "operator");
  const login = workerLogin(world.stack);
  const results = await Promise.allSettled(
    [one, two].map(({ email }) =>
      withDatabase(
        login,
        CENTRAL_DATABASE,
        (central) => setUserState(central, email, "suspended"),
      )
    ),
  );
  const refused = results.filter(({ status }) => status === "rejected");
  equal(refused.length, 1);
  ok(String((refused[0] as PromiseRejectedResult).reason).includes("owner"));
  await rejects(
    inCentral(
      world,
      sql`update platform_users set role = 'auditor'
      where role = 'owner'`,
    ),
    refusedWith("platform_users_last_owner"),
  );
});

Deno.test("platform: with another key than its secrets were sealed with, nothing starts", async () => {
  await using world = await openWorld({ clinics: 0 });
  const { user, password } = world.stack.credentials.api;
  await using central = new Pool({
    ...world.stack.pooler,
    user,
    password: new Secret(password),
    database: CENTRAL_DATABASE,
    applicationName: "test",
  }, { maxConnections: 1, maxPipelined: 1, maxWaiting: 1 });
  const keys = new Secret(newLocalKeyLine("platform-1"));
  const settings = {
    platformKey: {
      kind: "local",
      variable: "CLOISON_KEY_PLATFORM",
      keys,
    } as const,
    publicUrl: "http://127.0.0.1",
    accessTokenSeconds: 600,
    sessionSeconds: 600,
  };
  const parts = { central } as unknown as Parameters<typeof openPlatform>[1];
  await rejects(
    openPlatform(settings, parts),
    /Cannot serve the platform: CLOISON_KEY_PLATFORM does not hold the key/,
  );
  equal(
    await openPlatform({ ...settings, platformKey: undefined }, parts),
    null,
  );
});

Deno.test("platform: a process that was not given its key has none of its routes", async () => {
  const { platformKeyFile: _key, ...stack } = testStack();
  await using world = await openWorld({ clinics: 0, stack });
  const document = await OpenApiDocument.fetch(world.url);
  deepEqual(document.platformOperations, []);
  const client = new Client(world.url);
  for (const path of ["auth/me", "clinics", "auth/login"]) {
    const answer = await client.get(`/v1/platform/${path}`);
    assertProblem(answer, 404, "not-found");
  }
});
