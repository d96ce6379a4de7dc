import { deepEqual, equal } from "node:assert/strict";
import { createLocalJWKSet, jwtVerify } from "jose";
import { assertProblem, Client, logIn } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;

Deno.test.beforeAll(async () => {
  world = await openWorld();
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function keysOf(id: string) {
  return new Client(world.url).get(`/.well-known/jwks.json?clinic=${id}`);
}

Deno.test("jwks: a clinic's public keys verify its tokens, and no other clinic's", async () => {
  const { token } = await logIn(world, world.clinic(0));
  const mine = await keysOf(world.clinic(0).id);
  equal(mine.status, 200);
  equal(mine.headers.get("cache-control"), "public, max-age=300");
  const verified = await jwtVerify(token, createLocalJWKSet(mine.body));
  equal(verified.payload.clinic, world.clinic(0).id);
  const other = await keysOf(world.clinic(1).id);
  const accepted = await jwtVerify(token, createLocalJWKSet(other.body))
    .then(() => true, () => false);
  equal(accepted, false);
});

Deno.test("jwks: only public members are told", async () => {
  const { body } = await keysOf(world.clinic(0).id);
  deepEqual(Object.keys(body), ["keys"]);
  for (const key of body.keys) {
    deepEqual(Object.keys(key).sort(), [
      "alg",
      "crv",
      "kid",
      "kty",
      "use",
      "x",
    ]);
  }
});

Deno.test("jwks: no clinic is a 422, an unknown one a 404, and nothing lists them all", async () => {
  const client = new Client(world.url);
  assertProblem(
    await client.get("/.well-known/jwks.json"),
    422,
    "invalid-request",
  );
  assertProblem(await keysOf("'; --"), 422, "invalid-request");
  assertProblem(await keysOf(crypto.randomUUID()), 404, "not-found");
});
