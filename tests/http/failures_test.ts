import { deepEqual, equal, ok } from "node:assert/strict";
import { Hono } from "hono";
import { ClientAddresses } from "../../src/http/edge/client_address.ts";
import type { PublicEnv } from "../../src/http/env.ts";
import { failures } from "../../src/http/failures.ts";
import { admission } from "../../src/http/edge/admission.ts";
import { edge } from "../../src/http/edge/edge.ts";
import { KnownMethods } from "../../src/http/edge/methods.ts";
import { Metrics } from "../../src/http/edge/metrics.ts";
import { AppError } from "../../src/kernel/errors.ts";
import { createLogger } from "../../src/kernel/log.ts";

function appThatThrows(
  thrown: unknown,
): { app: Hono<PublicEnv>; log: string[] } {
  const log: string[] = [];
  const logger = createLogger({
    write: (line) => log.push(line),
    clock: Date.now,
  });
  const app = new Hono<PublicEnv>();
  app.use(edge({
    newId: () => crypto.randomUUID(),
    addresses: new ClientAddresses([]),
    metrics: new Metrics({ budgets: () => new Map() }),
    log: logger,
    corsOrigins: [],
  }));
  app.use(admission({
    methods: new KnownMethods([]),
    answers: [{ path: "/", types: [] }],
  }));
  const inner = new Hono<PublicEnv>();
  inner.get("/fails", (c) => {
    c.header("etag", '"1"');
    c.header("cache-control", "public, max-age=86400");
    c.header("location", "/v1/secret");
    throw thrown;
  });
  inner.use("/fails-late", async (_c, next) => {
    await next();
    throw thrown;
  });
  inner.get("/fails-late", (c) => {
    c.header("etag", '"1"');
    c.header("location", "/v1/secret");
    return c.json({ id: 1 }, 201);
  });
  app.route("/", inner);
  app.onError(failures(logger));
  return { app, log };
}

Deno.test("failures: headers of the answer that was not given are not those of the problem", async () => {
  for (
    const thrown of [
      new Error("select secret from patients"),
      new AppError("not-found", "There is no such patient"),
    ]
  ) {
    for (const path of ["/fails", "/fails-late"]) {
      const answer = await appThatThrows(thrown).app.request(path);
      deepEqual(
        ["etag", "location", "cache-control", "content-type"].map((name) =>
          answer.headers.get(name)
        ),
        [null, null, "no-store", "application/problem+json"],
        path,
      );
      await answer.body?.cancel();
    }
  }
});

Deno.test("failures: whatever is thrown becomes a problem that says nothing of it", async () => {
  const secret = "select secret from patients";
  for (
    const thrown of [
      secret,
      null,
      undefined,
      42,
      { message: secret },
      Object.create(null),
      new Error(secret),
      new Error("outer", { cause: new Error(secret) }),
    ]
  ) {
    const { app, log } = appThatThrows(thrown);
    const answer = await app.request("/fails", {
      headers: { "x-request-id": "mine" },
    });
    equal(answer.status, 500);
    equal(answer.headers.get("x-request-id"), "mine");
    const text = await answer.text();
    deepEqual(JSON.parse(text), {
      type: "/problems/internal-error",
      title: "Internal error",
      status: 500,
      detail: "Something went wrong",
      instance: "urn:request:mine",
    });
    ok(log.some((line) => line.includes('"requestId":"mine"')));
    ok(!log.join("").includes(secret));
  }
});
