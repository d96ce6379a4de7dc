import assert from "node:assert/strict";
import { settlesWithin } from "../../src/kernel/time_limit.ts";
import { Connection } from "../../src/db/connection.ts";
import { Sql, sql } from "../../src/db/sql.ts";
import { SilenceWatch } from "../../src/db/silence_watch.ts";
import { Turns } from "../../src/db/turns.ts";
import { CountingProxy } from "../support/counting_proxy.ts";
import { delay, useDatabase } from "./databases.ts";

const fixture = useDatabase("create table entries (who text not null)");

/** A statement with a parameter that no connection has seen. */
function unseen(): Sql {
  return new Sql(["select ", `::text as "${crypto.randomUUID()}"`], ["x"]);
}

/** Statements that are answered when the test says so. */
class Server {
  readonly turns = new Turns();
  readonly running: string[] = [];
  readonly #answers = new Map<string, PromiseWithResolvers<void>>();

  ask(text: string): Promise<void> {
    return this.turns.take(text, () => {
      const answer = Promise.withResolvers<void>();
      this.running.push(text);
      this.#answers.set(text, answer);
      return answer.promise;
    });
  }

  async answer(text: string): Promise<void> {
    this.running.splice(this.running.indexOf(text), 1);
    this.#answers.get(text)!.resolve();
    await delay(0);
  }

  async fail(text: string): Promise<void> {
    this.running.splice(this.running.indexOf(text), 1);
    this.#answers.get(text)!.reject(new Error(text));
    await delay(0);
  }
}

async function serverThatKnows(...texts: string[]): Promise<Server> {
  const server = new Server();
  for (const text of texts) {
    const asked = server.ask(text);
    await server.answer(text);
    await asked;
  }
  return server;
}

Deno.test("Turns: statements that the server knows run side by side", async () => {
  const server = await serverThatKnows("a", "b");
  server.ask("a");
  server.ask("b");
  assert.deepEqual(server.running, ["a", "b"]);
});

Deno.test("Turns: one that it does not know waits for those before it, and those behind it wait for it", async () => {
  const server = await serverThatKnows("a", "b");
  server.ask("a");
  server.ask("new");
  server.ask("b");
  assert.deepEqual(server.running, ["a"]);
  await server.answer("a");
  assert.deepEqual(server.running, ["new"]);
  await server.answer("new");
  assert.deepEqual(server.running, ["b"]);
  server.ask("new");
  assert.deepEqual(server.running, ["b", "new"]);
});

Deno.test("Turns: one that failed is still unknown, and in nobody's way", async () => {
  const server = await serverThatKnows("a");
  const failing = server.ask("new");
  server.ask("a");
  const failed = assert.rejects(failing);
  await server.fail("new");
  await failed;
  assert.deepEqual(server.running, ["a"]);
  server.ask("new");
  assert.deepEqual(server.running, ["a"]);
});

Deno.test("connection: what waits for its turn fails with the connection", async () => {
  const connection = await Connection.open(fixture().database.pooled);
  const running = connection.rows(sql`select pg_sleep(${5}::float8)`);
  const waiting = connection.rows(unseen());
  const failed = Promise.allSettled([running, waiting]);
  connection.destroy();
  assert.ok(await settlesWithin(2_000, failed));
  assert.deepEqual(
    (await failed).map(({ status }) => status),
    ["rejected", "rejected"],
  );
});

Deno.test("connection: a server that says nothing for longer than it may is taken for gone", async () => {
  const { pooled } = fixture().database;
  await using proxy = new CountingProxy(pooled.port);
  const target = { ...pooled, ...proxy.address };
  const connection = await Connection.open(target, undefined, {
    maxSilenceMs: 300,
  });
  await connection.rows(sql`select 1`);
  const slow = connection.rows(sql`select pg_sleep(2)`);
  await assert.rejects(slow, { failure: "unavailable" });
  assert.ok(connection.lost);
});

Deno.test("SilenceWatch: says nothing of a peer that answers, nor of one that was not asked", async () => {
  let silent = 0;
  const watch = new SilenceWatch(60, () => silent++);
  for (let turn = 0; turn < 5; turn++) {
    watch.asked();
    await delay(20);
    watch.answered();
  }
  await delay(150);
  assert.equal(silent, 0);
  watch.asked();
  await delay(150);
  assert.equal(silent, 1);
  watch.stop();
});
