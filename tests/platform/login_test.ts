import { deepEqual, equal, ok } from "node:assert/strict";
import { assertProblem, Client, logIn } from "../support/client.ts";
import {
  addEnrolled,
  addUser,
  codeOf,
  enrol,
  logInToPlatform,
  openUser,
  PASSWORD,
} from "../support/platform.ts";
import { openWorld } from "../support/world.ts";

Deno.test("platform: a first log-in sets up an app, and every log-in needs a code of it", async () => {
  await using world = await openWorld({ clinics: 1 });
  const user = await addUser(world);
  assertProblem(await logInToPlatform(world, user), 401, "enrolment-required");
  const guess = await logInToPlatform(world, user, { code: "123456" });
  assertProblem(guess, 401, "enrolment-required");
  const first = await enrol(world, user);
  const seed = await enrol(world, user);
  ok(first.toHex() !== seed.toHex(), "a seed that nobody used is replaced");
  const old = await logInToPlatform(world, user, { code: codeOf(first) });
  assertProblem(old, 401, "second-factor-required");
  const code = codeOf(seed);
  const answer = await logInToPlatform(world, user, { code });
  equal(answer.status, 200, answer.text);
  equal(answer.body.recoveryCodes.length, 10);
  const me = await new Client(world.url, answer.body.accessToken)
    .get("/v1/platform/auth/me");
  equal(me.status, 200, me.text);
  equal(me.body.id, user.id);
  equal(me.body.role, "owner");

  assertProblem(
    await logInToPlatform(world, user),
    401,
    "second-factor-required",
  );
  const again = await logInToPlatform(world, user, { code });
  assertProblem(again, 401, "second-factor-required");
  const { email } = user;
  const taken = await new Client(world.url)
    .post("/v1/platform/auth/enrol", { email, password: PASSWORD });
  assertProblem(taken, 409, "conflict");
  const next = await logInToPlatform(world, user, { code: codeOf(seed, 1) });
  equal(next.status, 200, next.text);
  equal(next.body.recoveryCodes, undefined);

  const [recovery] = answer.body.recoveryCodes;
  const recovered = await logInToPlatform(world, user, { code: recovery });
  equal(recovered.status, 200, recovered.text);
  const spent = await logInToPlatform(world, user, { code: recovery });
  assertProblem(spent, 401, "second-factor-required");
});

Deno.test("platform: its list of clinics is no clinic's, and no clinic's token opens it", async () => {
  await using world = await openWorld({ clinics: 2 });
  const { client, accessToken } = await openUser(world, "auditor");
  const found: string[] = [];
  for (const { slug } of world.clinics) {
    const { body } = await client.get(`/v1/platform/clinics?search=${slug}`);
    found.push(...body.data.map((each: { slug: string }) => each.slug));
  }
  deepEqual(found, world.clinics.map(({ slug }) => slug));
  const admin = await logIn(world, world.clinic(0));
  const refused = await admin.get("/v1/platform/clinics");
  const foreign = await new Client(world.url, accessToken)
    .get("/v1/auth/me");
  for (const answer of [refused, foreign]) {
    assertProblem(answer, 401, "invalid-token");
  }
  equal(refused.body.detail, foreign.body.detail);
});

Deno.test("platform: a code that is sent three times at once lets in once", async () => {
  await using world = await openWorld({ clinics: 0 });
  const user = await addEnrolled(world);
  const members = { code: codeOf(user.seed) };
  const answers = await Promise.all(
    [1, 2, 3].map(() => logInToPlatform(world, user, members)),
  );
  const statuses = answers.map(({ status }) => status);
  deepEqual(statuses.toSorted(), [200, 401, 401]);
});
