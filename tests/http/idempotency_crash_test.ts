import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { Client } from "../support/client.ts";
import { superuserLogin } from "../support/test_stack.ts";
import { emailOf, openWorld, type World } from "../support/world.ts";
import { type ApiProcess, startApi } from "./api_process.ts";

const ZOE = {
  profileStatus: "complete",
  givenNames: "Zoë",
  familyName: "Le Goff",
  birthDate: "1987-04-23",
};

async function logInAt(api: ApiProcess, world: World): Promise<Client> {
  const clinic = world.clinic(0);
  // A process that has just begun, or whose predecessor was killed, may have to wait for backends.
  const deadline = performance.now() + 60_000;
  for (;;) {
    const answer = await new Client(api.url).post("/v1/auth/login", {
      clinic: clinic.slug,
      email: emailOf("admin"),
      password: clinic.password,
    });
    if (answer.status === 200) {
      return new Client(api.url, answer.body.accessToken);
    }
    equal(answer.status, 503, answer.text);
    ok(performance.now() < deadline, answer.text);
  }
}

function patients(world: World): Promise<{ id: string }[]> {
  return withDatabase(
    superuserLogin(world.stack),
    world.clinic(0).database,
    (connection) => connection.rows(sql`select id from patients`),
  );
}

/**
 * Stands between client and API. With the first byte of an answer it ends the API and drops the client: the answer was
 * on its way, so what it tells of was stored, and nobody received it.
 */
async function sendThroughCut(
  api: ApiProcess,
  request: (url: string) => Promise<unknown>,
): Promise<void> {
  const { hostname, port } = new URL(api.url);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sending = request(`http://127.0.0.1:${listener.addr.port}`)
    .then(() => "answered", () => "cut");
  using client = await listener.accept();
  using upstream = await Deno.connect({ hostname, port: Number(port) });
  const forwarding = client.readable.pipeTo(upstream.writable, {
    preventClose: true,
  }).catch(() => {});
  const reader = upstream.readable.getReader();
  const { value } = await reader.read();
  equal(value === undefined, false, "the API closed without an answer");
  await api.kill();
  client.close();
  equal(await sending, "cut");
  await forwarding;
}

Deno.test("idempotency: when the API dies between commit and answer, the retry gets the first answer", async () => {
  await using world = await openWorld({ clinics: 1 });
  const key = crypto.randomUUID();
  await using first = await startApi();
  const { token } = await logInAt(first, world);
  await sendThroughCut(
    first,
    (url) =>
      new Client(url, token).post("/v1/patients", ZOE, {
        "idempotency-key": key,
      }),
  );
  const stored = await patients(world);
  equal(stored.length, 1);

  await using second = await startApi();
  const retry = await (await logInAt(second, world)).post(
    "/v1/patients",
    ZOE,
    { "idempotency-key": key },
  );
  equal(retry.status, 201);
  equal(retry.headers.get("idempotency-replayed"), "true");
  equal(retry.body.id, stored[0]!.id);
  equal(retry.headers.get("location"), `/v1/patients/${stored[0]!.id}`);
  equal(retry.headers.get("etag"), '"1"');
  deepEqual(await patients(world), stored);
});
