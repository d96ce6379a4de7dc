import { equal, ok } from "node:assert/strict";
import {
  type Answer,
  assertProblem,
  Client,
  logIn,
} from "../support/client.ts";
import { clientOf } from "../support/consents.ts";
import { OpenApiDocument, type Operation } from "../support/document.ts";
import {
  bytesOf,
  prepare,
  type PreparedRequest,
  roleFor,
  send,
} from "../support/generated_request.ts";
import { openWorld, type World } from "../support/world.ts";

// What every operation answers to those who ask too often, or too slowly.

const QUOTA = 40;
const BODY_MS = 50;

/** What can be called without a token and is limited. */
const LIMITED = ["login", "forgotPassword"];

Deno.test("limits: every operation of a clinic is 429 with Retry-After when one person asks too often", async () => {
  await using world = await openWorld({ clinics: 1 });
  // Another API over the same database: what is prepared here is not counted there in time to be in the way.
  await using limited = await openWorld({
    clinics: 0,
    rates: { actor: { quota: QUOTA, seconds: 3_600 } },
  });
  const prepared = await requestsOf(world, (each) => !each.isPublic);
  const exhausted = new Set<string>();
  for (const { request, client: { token } } of prepared) {
    const client = new Client(limited.url, token);
    if (!exhausted.has(token)) {
      await untilRefused(() => client.get("/v1/auth/me"));
      exhausted.add(token);
    }
    requireRefusal(await send(client, request));
  }
  // A colleague is not kept out.
  const colleague = await logIn(limited, world.clinic(0), "readonly");
  equal((await colleague.get("/v1/auth/me")).status, 200);
});

Deno.test("limits: logging in and asking for a new password are 429 when one account is tried too often", async () => {
  await using world = await openWorld({
    clinics: 1,
    rates: { login: { quota: 3, seconds: 3_600 } },
  });
  const prepared = await requestsOf(world, ({ id }) => LIMITED.includes(id));
  for (const { request, client } of prepared) {
    const body = { ...request.body as object, password: "wrong" };
    const spoiled = "password" in (request.body as object) ? { body } : {};
    requireRefusal(await untilRefused(() => send(client, request, spoiled)));
  }
});

Deno.test("limits: every operation with a body is 408 when the body does not come", async () => {
  await using world = await openWorld({
    clinics: 1,
    time: { bodyMilliseconds: BODY_MS },
  });
  const prepared = await requestsOf(world, (each) => !!each.body);
  for (const { request, client } of prepared) {
    const raw = ReadableStream.from(slowly(bytesOf(request.body)));
    assertProblem(await send(client, request, { raw }), 408, "body-timeout");
  }
});

/** All but the last byte, and that one when it is too late. */
async function* slowly(bytes: Uint8Array<ArrayBuffer>) {
  yield bytes.subarray(0, -1);
  await new Promise((resolve) => setTimeout(resolve, BODY_MS * 3));
  yield bytes.subarray(-1);
}

/** A request that is right in everything, and somebody who may send it. */
interface Prepared {
  readonly request: PreparedRequest;
  readonly client: Client;
}

async function requestsOf(
  world: World,
  which: (operation: Operation) => boolean,
): Promise<Prepared[]> {
  const document = await OpenApiDocument.fetch(world.url);
  const clinic = world.clinic(0);
  const prepared: Prepared[] = [];
  for (const operation of document.clinicOperations.filter(which)) {
    const client = await clientOf(world, clinic, roleFor(operation));
    const place = { world, clinic, client };
    prepared.push({
      request: await prepare(document, operation, place),
      client,
    });
  }
  ok(prepared.length > 0);
  return prepared;
}

async function untilRefused(ask: () => Promise<Answer>): Promise<Answer> {
  for (let n = 0; n <= QUOTA; n++) {
    const answer = await ask();
    if (answer.status === 429) return answer;
  }
  throw new Error(`Asked ${QUOTA} times, and was not refused`);
}

function requireRefusal(answer: Answer): void {
  assertProblem(answer, 429, "too-many-requests");
  ok(Number(answer.headers.get("retry-after")) >= 1);
  ok(answer.headers.has("ratelimit-policy"));
  ok(answer.headers.has("ratelimit"));
}
