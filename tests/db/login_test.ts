import assert from "node:assert/strict";
import { HOST } from "../../scripts/stack/ports.ts";
import { Connection } from "../../src/db/connection.ts";
import type { ConnectionTarget } from "../../src/db/driver.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { CountingProxy } from "../support/counting_proxy.ts";
import { administer, delay, failure, until, useDatabase } from "./databases.ts";

const fixture = useDatabase();
const OPTIONS = { maxConnections: 4, maxPipelined: 8, maxWaiting: 200 };

const NOBODY = "cloison_clinic_nobody";

const REFUSALS: Record<string, (target: ConnectionTarget) => ConnectionTarget> =
  {
    "a wrong password": (target) => ({
      ...target,
      password: new Secret("wrong"),
    }),
    "a role that does not exist": (target) => ({
      ...target,
      user: NOBODY,
      database: NOBODY,
    }),
    "a database of somebody else": (target) => ({
      ...target,
      database: "cloison_central",
    }),
  };

for (const [name, change] of Object.entries(REFUSALS)) {
  for (const way of ["direct", "pooled"] as const) {
    Deno.test(`login: ${name} is refused, and asked about once a second at most (${way})`, async () => {
      const target = fixture().database[way];
      await using proxy = new CountingProxy(target.port);
      await using pool = new Pool(
        change({ ...target, ...proxy.address }),
        OPTIONS,
      );
      const started = performance.now();
      while (performance.now() - started < 1_300) {
        const errors = await Promise.all(
          Array.from({ length: 30 }, (_, call) =>
            failure(
              call % 2 === 0
                ? pool.read(sql`select 1`)
                : pool.transaction("read write", (run) =>
                  run.rows(sql`select 1`)),
            )),
        );
        for (const error of errors) {
          assert.ok(error instanceof DatabaseError, String(error));
          assert.equal(error.failure, "refused");
        }
        await delay(20);
      }
      assert.equal(proxy.connections, 2);
      await delay(200);
      assert.equal(proxy.connections, 2, "an attempt without a caller");
    });
  }
}

Deno.test("login: a role without the right to connect is refused", async () => {
  const { admin, database: { name, direct, pooled } } = fixture();
  await admin.script(`
    revoke connect on database ${name} from public;
    alter database ${name} owner to postgres;
    revoke all on database ${name} from ${name}`);
  try {
    for (const target of [direct, pooled]) {
      const error = await failure(Connection.open(target));
      assert.equal((error as DatabaseError).failure, "refused");
    }
  } finally {
    await admin.script(`alter database ${name} owner to ${name}`);
  }
});

Deno.test("login: a database that is gone is refused", async () => {
  const { database: { direct, name, admin } } = fixture();
  const gone = `${name.slice(0, -4)}gone`;
  await administer(
    { ...admin, database: "postgres" },
    `create role ${gone} login password '${"x"}'`,
    `grant cloison_clinics to ${gone}`,
  );
  const target = {
    ...direct,
    user: gone,
    database: gone,
    password: new Secret("x"),
  };
  const error = await failure(Connection.open(target));
  assert.equal((error as DatabaseError).failure, "refused");
  assert.equal((error as DatabaseError).sqlState, "3D000");
});

Deno.test("login: a refusal is over when the password is right again", async () => {
  const { admin, database: { pooled, name } } = fixture();
  await using pool = new Pool(pooled, OPTIONS);
  await admin.script(`alter role ${name} nologin`);
  const error = await failure(pool.read(sql`select 1`));
  assert.equal((error as DatabaseError).failure, "refused");
  await admin.script(`alter role ${name} login`);
  await delay(1_050);
  assert.equal((await pool.read(sql`select 1`)).length, 1);
});

Deno.test("login: a refused growth does not fail those whom an open connection serves", async () => {
  const { admin, database: { direct, name } } = fixture();
  await using pool = new Pool(direct, OPTIONS);
  await pool.read(sql`select 1`);
  await admin.script(`alter role ${name} nologin`);
  try {
    const reads = Array.from({ length: 20 }, () => pool.read(sql`select 1`));
    assert.equal((await Promise.all(reads)).length, 20);
    const writes = Array.from(
      { length: 10 },
      () => pool.transaction("read write", (run) => run.rows(sql`select 1`)),
    );
    assert.equal((await Promise.all(writes)).length, 10);
    await until("it has one connection again", () => pool.size === 1);
  } finally {
    await admin.script(`alter role ${name} login`);
  }
});

Deno.test("login: nobody listening is unavailable", async () => {
  const listener = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = listener.addr;
  listener.close();
  const target = { ...fixture().database.direct, port };
  const error = await failure(Connection.open(target));
  assert.equal((error as DatabaseError).failure, "unavailable");
});

/** A server that accepts, and does to each connection what `fn` does. */
async function withServer(
  fn: (conn: Deno.TcpConn) => void,
  use: (target: ConnectionTarget, accepted: () => number) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: HOST, port: 0 });
  const conns: Deno.TcpConn[] = [];
  const accepting = (async () => {
    for await (const conn of listener) {
      conns.push(conn);
      fn(conn);
    }
  })();
  const { port } = listener.addr;
  try {
    await use({ ...fixture().database.direct, port }, () => conns.length);
  } finally {
    listener.close();
    await accepting;
    for (const conn of conns) {
      try {
        conn.close();
      } catch {
        // The server closed it itself.
      }
    }
  }
}

Deno.test("login: a server that accepts and closes at once is unavailable, and asked once", async () => {
  await withServer((conn) => conn.close(), async (target, accepted) => {
    const error = await failure(Connection.open(target));
    assert.equal((error as DatabaseError).failure, "unavailable");
    await delay(300);
    assert.equal(accepted(), 1);
    await using pool = new Pool(target, OPTIONS);
    await failure(pool.transaction("read write", (run) => run.rows(sql`x`)));
    await delay(300);
    assert.equal(accepted(), 2);
  });
});

const NO_TLS: Record<string, string> = {
  "does not speak TLS": "N",
  "says more than that it does": "SN",
  "says something else": "E",
};

for (const [name, answer] of Object.entries(NO_TLS)) {
  Deno.test(`login: a server that ${name} is told nothing`, async () => {
    const heard = Promise.withResolvers<Uint8Array>();
    async function listen(conn: Deno.TcpConn): Promise<void> {
      await conn.write(new TextEncoder().encode(answer));
      heard.resolve(await new Response(conn.readable).bytes());
    }
    await withServer((conn) => void listen(conn), async (target) => {
      const error = await failure(Connection.open(target));
      assert.equal((error as DatabaseError).failure, "unavailable");
      const request = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
      assert.deepEqual([...await heard.promise], request);
    });
  });
}

Deno.test("login: a server that never answers is unavailable within 8 s, and asked once", async () => {
  await withServer(() => {}, async (target, accepted) => {
    await using pool = new Pool(target, OPTIONS);
    const started = performance.now();
    const errors = await Promise.all(
      [1, 2, 3].map(() => failure(pool.read(sql`select 1`))),
    );
    assert.ok(performance.now() - started < 8_000);
    for (const error of errors) {
      assert.equal((error as DatabaseError).failure, "unavailable");
    }
    await delay(300);
    assert.equal(accepted(), 1);
  });
});

Deno.test("login: closing a pool ends the login that is under way", async () => {
  await withServer(() => {}, async (target) => {
    const pool = new Pool(target, OPTIONS);
    const waiting = failure(pool.read(sql`select 1`));
    await delay(50);
    const started = performance.now();
    await pool.close();
    assert.equal((await waiting as DatabaseError).failure, "unavailable");
    assert.ok(performance.now() - started < 500);
  });
});

Deno.test("login: a connection that leads elsewhere is refused", async () => {
  const { admin, database: { direct, name } } = fixture();
  const other = `${name.slice(0, -5)}other`;
  await admin.script(`
    create role ${other};
    grant ${other} to ${name};
    alter role ${name} set role ${other}`);
  try {
    const error = await failure(Connection.open(direct));
    assert.equal((error as DatabaseError).failure, "refused");
  } finally {
    await admin.script(`alter role ${name} reset role`);
  }
});

Deno.test("login: TLS to an IP address is refused, because its certificate could not be checked", async () => {
  const target = { ...fixture().database.direct, host: HOST, tlsCa: "x" };
  await assert.rejects(Connection.open(target), TypeError);
});
