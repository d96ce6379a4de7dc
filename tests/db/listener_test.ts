import assert from "node:assert/strict";
import type { Stack } from "../../scripts/stack/cluster.ts";
import { Listener } from "../../src/db/listener.ts";
import type { ConnectionTarget } from "../../src/db/driver.ts";
import { CountingProxy } from "../support/counting_proxy.ts";
import { openOwnStack } from "../support/stack.ts";
import {
  administer,
  delay,
  makeDatabase,
  type TestDatabase,
  until,
} from "./databases.ts";

let stack: Stack;
let database: TestDatabase;
Deno.test.beforeAll(async () => {
  stack = await openOwnStack();
  database = await makeDatabase(stack);
});
Deno.test.afterAll(() => stack.stop());

/** A listener that keeps what it was told. */
class Heard implements AsyncDisposable {
  readonly events: string[] = [];
  readonly #listener: Listener;

  constructor(target: ConnectionTarget) {
    this.#listener = new Listener(target, "changed", {
      onConnected: () => this.events.push("connected"),
      onNotification: (payload) => this.events.push(payload),
      onDisconnected: () => this.events.push("disconnected"),
    });
  }

  start(): Promise<void> {
    return this.#listener.start();
  }

  count(event: string): number {
    return this.events.filter((each) => each === event).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.close();
  }
}

function notify(payload: string): Promise<void> {
  return administer(database.direct, `notify changed, '${payload}'`);
}

/** Ends the sessions of the role, as an administrator would. */
function kill(): Promise<void> {
  return administer(
    database.admin,
    `select pg_terminate_backend(pid) from pg_stat_activity
     where usename = '${database.name}'`,
  );
}

Deno.test("listener: hears what is announced, in order", async () => {
  await using heard = new Heard(database.direct);
  await heard.start();
  for (const payload of ["one", "two", "é'"]) {
    await notify(payload.replaceAll("'", "''"));
  }
  await until("all is heard", () => heard.events.length === 4);
  assert.deepEqual(heard.events, ["connected", "one", "two", "é'"]);
});

Deno.test("listener: tells of a lost connection, and connects again", async () => {
  await using heard = new Heard(database.direct);
  await heard.start();
  for (const turn of [1, 2]) {
    await kill();
    await until("it is back", () => heard.count("connected") === turn + 1);
    assert.equal(heard.count("disconnected"), turn);
    await notify(`turn ${turn}`);
    await until("it hears", () => heard.count(`turn ${turn}`) === 1);
  }
});

Deno.test("listener: while the server is away it keeps trying, ever more slowly", async () => {
  await using proxy = new CountingProxy(database.direct.port);
  await using heard = new Heard({ ...database.direct, ...proxy.address });
  await heard.start();
  await stack.halt("postgres");
  try {
    await delay(2_500);
    // At 0.2, 0.6, 1.4 and 3.0 seconds.
    assert.ok(proxy.connections >= 3, `${proxy.connections} connections`);
    assert.ok(proxy.connections <= 5, `${proxy.connections} connections`);
    assert.ok(heard.count("disconnected") <= 5);
  } finally {
    await stack.resume("postgres");
  }
  await until("it is back", () => heard.count("connected") === 2);
  await notify("again");
  await until("it hears", () => heard.count("again") === 1);
});

Deno.test("listener: starts while the server is away, and connects when it is there", async () => {
  await stack.halt("postgres");
  await using heard = new Heard(database.direct);
  try {
    await heard.start();
    assert.deepEqual(heard.events, ["disconnected"]);
  } finally {
    await stack.resume("postgres");
  }
  await until("it is connected", () => heard.count("connected") === 1);
});

Deno.test("listener: notices a connection that was cut without a word", async () => {
  await using proxy = new CountingProxy(database.direct.port);
  await using heard = new Heard({ ...database.direct, ...proxy.address });
  await heard.start();
  proxy.freeze();
  await until("it is noticed", () => heard.count("disconnected") > 0);
  proxy.thaw();
  await until("it is back", () => heard.count("connected") === 2);
});

Deno.test("listener: close() leaves nothing running, whatever it was doing", async () => {
  await using proxy = new CountingProxy(database.direct.port);
  for (const wait of [0, 2, 10, 50]) {
    const heard = new Heard({ ...database.direct, ...proxy.address });
    const started = heard.start();
    await delay(wait);
    await heard[Symbol.asyncDispose]();
    await started;
    const events = [...heard.events];
    await delay(20);
    assert.deepEqual(heard.events, events);
  }
  const lost = new Heard({ ...database.direct, ...proxy.address });
  await lost.start();
  await kill();
  await until("it is noticed", () => lost.count("disconnected") === 1);
  await lost[Symbol.asyncDispose]();
  const before = proxy.connections;
  await delay(400);
  assert.equal(proxy.connections, before);
});
