import { equal, ok } from "node:assert/strict";
import { AccessTokens } from "../../src/http/access_tokens.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { assertProblem, Client } from "../support/client.ts";
import { type HeldSession, openSession } from "../support/sessions.ts";
import { inCentral } from "../support/sql.ts";
import { sql } from "../../src/db/sql.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let now = Date.now();

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 2, clock: () => now });
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function verified(): Promise<HeldSession> {
  const session = await openSession(world, world.clinic(0), "nurse");
  equal((await session.client.get("/v1/auth/me")).status, 200);
  return session;
}

function refusedWith(token: string): Promise<unknown> {
  return new Client(world.url, token).get("/v1/auth/me").then((answer) =>
    assertProblem(answer, 401, "invalid-token")
  );
}

Deno.test("token cache: a token that was accepted before is refused when it is over", async () => {
  const { accessToken } = await verified();
  now += 629_000;
  const client = new Client(world.url, accessToken);
  equal((await client.get("/v1/auth/me")).status, 200);
  now += 2_000;
  await refusedWith(accessToken);
});

Deno.test("token cache: a token that was accepted before is refused when its session was revoked", async () => {
  const { accessToken, refreshToken } = await verified();
  await new Client(world.url).post("/v1/auth/logout", { refreshToken });
  await refusedWith(accessToken);
});

Deno.test("token cache: with any one character changed, it is another token", async () => {
  const { accessToken } = await verified();
  const places = [...accessToken].map((_, index) => index).filter((index) =>
    index % 7 === 0 && accessToken[index] !== "."
  );
  for (const index of [...places, accessToken.length - 1]) {
    const other = accessToken[index] === "A" ? "B" : "A";
    await refusedWith(
      accessToken.slice(0, index) + other + accessToken.slice(index + 1),
    );
  }
  const [header, payload] = accessToken.split(".");
  await refusedWith(`${header}.${payload}.`);
  const stranger = await openSession(world, world.clinic(1), "nurse");
  const signature = stranger.accessToken.split(".")[2];
  await refusedWith(`${header}.${payload}.${signature}`);
});

Deno.test("token cache: a token that was accepted before is refused when its key is retired", async () => {
  const { accessToken } = await verified();
  const retire = (at: string | null) =>
    inCentral(
      world,
      sql`update clinic_token_keys set retired_at = ${at}
        where clinic_id = ${world.clinic(0).id}`,
    );
  await retire(new Date().toISOString());
  const client = new Client(world.url, accessToken);
  const deadline = performance.now() + 2_000;
  while ((await client.get("/v1/auth/me")).status === 200) {
    ok(performance.now() < deadline, "a retired key still opens");
  }
  await refusedWith(accessToken);
  await retire(null);
});

Deno.test("token cache: the signature of a token is checked once", async () => {
  const tokens = new AccessTokens({
    directory: world.directory,
    issuer: "http://127.0.0.1",
    lifetimeSeconds: 600,
    clock: () => now,
    newId: uuidv7,
  });
  const { accessToken } = await openSession(world, world.clinic(0), "nurse");
  const { subtle } = crypto;
  const verify = subtle.verify;
  let checks = 0;
  subtle.verify = (...args: unknown[]) => {
    checks++;
    return verify.apply(subtle, args as never);
  };
  try {
    for (let n = 0; n < 5; n++) await tokens.verify(accessToken);
  } finally {
    subtle.verify = verify;
  }
  equal(checks, 1);
});
