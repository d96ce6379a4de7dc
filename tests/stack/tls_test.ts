import assert from "node:assert/strict";
import {
  type Authority,
  openAuthority,
} from "../../scripts/stack/authority.ts";
import { openStack, type Stack } from "../../scripts/stack/cluster.ts";
import {
  type PgBouncerServer,
  startPgBouncer,
} from "../../scripts/stack/pgbouncer.ts";
import { freePorts } from "../../scripts/stack/ports.ts";
import { Connection } from "../../src/db/connection.ts";
import type { ConnectionTarget } from "../../src/db/driver.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { Listener } from "../../src/db/listener.ts";
import { sql } from "../../src/db/sql.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { addClinic, CLINIC_PASSWORD, psql, tempStackDir } from "./psql.ts";

const CLINIC = "cloison_clinic_" + "c".repeat(32);
const LOGIN = { user: CLINIC, password: CLINIC_PASSWORD };

Deno.test("tls: nobody talks to PostgreSQL or PgBouncer without checking who they are", async (t) => {
  await using dir = await tempStackDir();
  await using stack = await openStack({
    dir: dir.path,
    ports: freePorts(),
    fast: true,
  });
  await addClinic(stack, CLINIC);
  const own = await openAuthority(dir.path);
  const other = await openAuthority(await subfolder(dir.path));
  const target = (address: Address): ConnectionTarget => ({
    host: address.host,
    port: address.port,
    tlsCa: address.tlsCa,
    database: CLINIC,
    user: CLINIC,
    password: new Secret(CLINIC_PASSWORD),
    applicationName: "test",
  });
  const ways = { direct: stack.postgres, pooled: stack.pooler };

  await t.step("PostgreSQL is reached over TLS", async () => {
    assert.deepEqual(await hop(target(ways.direct)), TLS);
  });

  await t.step("the pooler reaches it through its socket", async () => {
    assert.deepEqual(await hop(target(ways.pooled)), SOCKET);
  });

  await t.step("which is for the servers' own user alone", async () => {
    const folder = `${dir.path}/postgres`;
    const socket = `${folder}/.s.PGSQL.${stack.postgres.port}`;
    for (const path of [folder, socket]) {
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o700, path);
    }
  });

  await t.step("a pooler elsewhere reaches it over TLS", async () => {
    const name = `${dir.path}/elsewhere`;
    await using pooler = await poolerElsewhere(stack, name, own);
    assert.deepEqual(
      await hop(target({ ...ways.pooled, port: pooler.port })),
      TLS,
    );
  });

  await t.step("a client that trusts another authority goes away", async () => {
    for (const address of Object.values(ways)) {
      await assert.rejects(
        Connection.open(target({ ...address, tlsCa: other.ca })),
        (error) =>
          error instanceof DatabaseError && error.failure === "unavailable",
      );
    }
  });

  await t.step("a client without TLS is refused", async () => {
    const [direct, pooled] = await Promise.all(
      Object.values(ways).map(({ host, port }) =>
        Connection.open(target({ host, port })).then(() => "opened", reason)
      ),
    );
    assert.match(String(direct), /pg_hba\.conf rejects connection/);
    assert.match(String(pooled), /SSL required/);
  });

  await t.step("a host must be a name: an address has none", async () => {
    for (const address of Object.values(ways)) {
      await assert.rejects(
        Connection.open(target({ ...address, host: "127.0.0.1" })),
        /host must be a DNS name/,
      );
    }
  });

  await t.step("PgBouncer does not believe another PostgreSQL", async () => {
    const name = `${dir.path}/distrustful`;
    await using pooler = await poolerElsewhere(stack, name, other);
    const way = { host: "localhost", port: pooler.port, tlsCa: other.ca };
    await assert.rejects(Connection.open(target(way)), DatabaseError);
    const log = await Deno.readTextFile(`${dir.path}/distrustful/server.log`);
    assert.match(log, /certificate verify failed/);
  });

  await t.step("a statement is cancelled over TLS as well", async () => {
    for (const address of Object.values(ways)) {
      const connection = await Connection.open(target(address));
      try {
        const asleep = connection.rows(sql`select pg_sleep(20)`);
        const ended = asleep.then(() => "slept", (error) => error.sqlState);
        await isAsleep(stack);
        connection.cancel();
        assert.equal(await ended, "57014");
      } finally {
        await connection.close();
      }
    }
  });

  await t.step("a listener hears over TLS", async () => {
    const heard = Promise.withResolvers<string>();
    await using listener = new Listener(target(ways.direct), "news", {
      onConnected: () => {},
      onNotification: heard.resolve,
      onDisconnected: heard.reject,
    });
    await listener.start();
    const notify = "NOTIFY news, 'hello'";
    await psql(stack, stack.postgres.port, LOGIN, CLINIC, notify);
    assert.equal(await heard.promise, "hello");
  });

  await t.step("the authority's key is nowhere any more", async () => {
    const names: string[] = [];
    for await (const file of Deno.readDir(`${dir.path}/tls`)) {
      const { mode } = await Deno.stat(`${dir.path}/tls/${file.name}`);
      assert.equal(mode! & 0o777, 0o600, file.name);
      names.push(file.name);
    }
    assert.deepEqual(names.sort(), [
      ...["ca.pem", "pooler.key", "pooler.pem"],
      ...["postgres.key", "postgres.pem"],
    ]);
  });
});

const TLS = { ssl: true, version: "TLSv1.3", socket: false };
const SOCKET = { ssl: false, version: null, socket: true };

/** How PostgreSQL is reached, by whoever is nearest to it. */
async function hop(target: ConnectionTarget): Promise<unknown> {
  const connection = await Connection.open(target);
  try {
    const [row] = await connection.rows<object>(
      sql`select ssl, version, client_addr is null as socket
          from pg_stat_ssl join pg_stat_activity using (pid)
          where pid = pg_backend_pid()`,
    );
    return { ...row };
  } finally {
    await connection.close();
  }
}

/** As on another machine: it knows PostgreSQL by its address alone. */
function poolerElsewhere(
  { tools, postgres, credentials }: Stack,
  dir: string,
  { pooler, ca }: Authority,
): Promise<PgBouncerServer> {
  return startPgBouncer({
    tools,
    dir,
    port: freePorts().pooler,
    postgres: { port: postgres.port, socketFolder: undefined },
    identity: pooler,
    ca,
    credentials: {
      pgbouncer: credentials.pgbouncer.password,
      poolerAdmin: credentials.poolerAdmin.password,
    },
  });
}

type Address = Pick<ConnectionTarget, "host" | "port" | "tlsCa">;

async function subfolder(dir: string): Promise<string> {
  const path = `${dir}/other`;
  await Deno.mkdir(path, { mode: 0o700 });
  return path;
}

/** What the server said. */
function reason(error: unknown): string {
  let last = error;
  while (last instanceof Error && last.cause) last = last.cause;
  return last instanceof Error ? last.message : String(last);
}

type OpenStack = Parameters<typeof psql>[0];

async function isAsleep(stack: OpenStack): Promise<void> {
  const asleep = `SELECT count(*) FROM pg_stat_activity
    WHERE usename = '${CLINIC}' AND wait_event = 'PgSleep'`;
  const { superuser: user, password, port } = stack.postgres;
  for (let i = 0; i < 100; i++) {
    const who = { user, password };
    const { out } = await psql(stack, port, who, "postgres", asleep);
    if (out === "1") return;
  }
  throw new Error("The statement never began");
}
