import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { type Answer, assertProblem, Client } from "../support/client.ts";
import { OpenApiDocument, type Operation } from "../support/document.ts";
import {
  bytesOf,
  prepare,
  type PreparedRequest,
  send,
} from "../support/generated_request.ts";
import {
  forgetPlatform,
  logInToPlatform,
  openUser,
} from "../support/platform.ts";
import { inCentral } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";

// What every operation of the platform answers to those who ask too often or too slowly, and when the central database is
// blocked or broken.

const BODY_MS = 50;

interface Ready {
  readonly client: Client;
  readonly requests: readonly PreparedRequest[];
}

async function everyRequest(
  world: World,
  which: (operation: Operation) => boolean = () => true,
): Promise<Ready> {
  const document = await OpenApiDocument.fetch(world.url);
  const { client } = await openUser(world);
  const place = { world, clinic: world.clinic(0), client };
  const requests: PreparedRequest[] = [];
  for (const operation of document.platformOperations.filter(which)) {
    requests.push(await prepare(document, operation, place));
  }
  ok(requests.length > 3);
  return { client, requests };
}

function sendAll({ client, requests }: Ready): Promise<Answer[]> {
  return Promise.all(
    requests.map((request) => send(request.sender ?? client, request)),
  );
}

Deno.test("platform: every operation is 429 when one person asks too often, and others go on", async () => {
  const quota = 60;
  await using world = await openWorld({
    clinics: 1,
    rates: { actor: { quota, seconds: 3_600 } },
  });
  const { client, requests } = await everyRequest(
    world,
    ({ isPublic }) => !isPublic,
  );
  for (let n = 0; n <= quota; n++) {
    const { status } = await client.get("/v1/platform/auth/me");
    if (status === 429) break;
  }
  for (const request of requests) {
    assertProblem(await send(client, request), 429, "too-many-requests");
  }
  const colleague = await openUser(world);
  equal((await colleague.client.get("/v1/platform/auth/me")).status, 200);
  await forgetPlatform(world);
});

Deno.test("platform: a wrong password is refused after a few tries, for known and unknown addresses alike", async () => {
  await using world = await openWorld({
    clinics: 0,
    rates: { login: { quota: 3, seconds: 3_600 } },
  });
  const user = await openUser(world);
  for (const path of ["login", "enrol"]) {
    for (const email of [user.email, `${path}@nowhere.test`]) {
      const bodies: unknown[] = [];
      for (let n = 0; n < 4; n++) {
        const answer = await new Client(world.url).post(
          `/v1/platform/auth/${path}`,
          { email, password: "wrong" },
        );
        const { instance: _, ...body } = answer.body;
        bodies.push({ status: answer.status, type: body.type });
      }
      equal((bodies.at(-1) as { status: number }).status, 429);
    }
  }
  assertProblem(await logInToPlatform(world, user), 429, "too-many-requests");
});

Deno.test("platform: every operation with a body is 408 when the body does not come", async () => {
  await using world = await openWorld({
    clinics: 1,
    time: { bodyMilliseconds: BODY_MS },
  });
  const { client, requests } = await everyRequest(world, ({ body }) => !!body);
  for (const request of requests) {
    const raw = ReadableStream.from(slowly(bytesOf(request.body)));
    const answer = await send(request.sender ?? client, request, { raw });
    assertProblem(answer, 408, "body-timeout");
  }
  await forgetPlatform(world);
});

/** All but the last byte, and that one when it is too late. */
async function* slowly(bytes: Uint8Array<ArrayBuffer>) {
  yield bytes.subarray(0, -1);
  await new Promise((resolve) => setTimeout(resolve, BODY_MS * 3));
  yield bytes.subarray(-1);
}

Deno.test("platform: every operation is 503 when the central database does not answer in time", async () => {
  await using world = await openWorld({
    clinics: 1,
    time: { requestMilliseconds: 1_500, bodyMilliseconds: 1_000 },
  });
  const ready = await everyRequest(world);
  const answers = await withDatabase(
    workerLogin(world.stack),
    CENTRAL_DATABASE,
    (central) =>
      central.transaction("read write", async (run) => {
        await run.rows(sql`lock table platform_users, platform_sessions,
          platform_refresh_tokens in access exclusive mode`);
        return await sendAll(ready);
      }),
  );
  for (const [n, { operation }] of ready.requests.entries()) {
    const answer = answers[n]!;
    equal(answer.status, 503, `${operation.id}: ${answer.text}`);
    ok(Number(answer.headers.get("retry-after")) >= 1);
  }
  await forgetPlatform(world);
});

Deno.test("platform: every operation that meets what nobody expected is 500, and tells the request id and nothing else", async () => {
  await using world = await openWorld({ clinics: 1 });
  const ready = await everyRequest(world);
  await inCentral(
    world,
    sql`revoke select on platform_users, platform_sessions,
      platform_refresh_tokens from cloison_api`,
  );
  try {
    for (const answer of await sendAll(ready)) {
      assertProblem(answer, 500, "internal-error");
      deepEqual(
        Object.keys(answer.body).sort(),
        ["detail", "instance", "status", "title", "type"],
      );
      ok(!answer.text.includes("platform_"), answer.text);
    }
  } finally {
    await inCentral(
      world,
      sql`grant select on platform_users, platform_sessions,
        platform_refresh_tokens to cloison_api`,
    );
    await forgetPlatform(world);
  }
});

Deno.test("platform: what is refused to a user stands on the trail with their name, to a stranger without", async () => {
  await using world = await openWorld({ clinics: 0 });
  const user = await openUser(world, "auditor");
  const path = `/v1/platform/clinics/${crypto.randomUUID()}/suspend`;
  assertProblem(await user.client.post(path), 403, "permission-denied");
  const wrong = await logInToPlatform(world, user, { code: "000000" });
  assertProblem(wrong, 401, "second-factor-required");
  const deadline = performance.now() + 5_000;
  for (;;) {
    const lines = await inCentral<{ reason: string; operation: string }>(
      world,
      sql`select reason, operation from audit_log
        where action = 'request.refuse'
          and (actor_id = ${user.id} or entity_id = ${user.id}) order by id`,
    );
    if (lines.length === 2) {
      deepEqual(lines, [{
        reason: "permission-denied",
        operation: "POST /v1/platform/clinics/:id/suspend",
      }, {
        reason: "second-factor-required",
        operation: "POST /v1/platform/auth/login",
      }]);
      return;
    }
    ok(performance.now() < deadline, `${lines.length} lines`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});
