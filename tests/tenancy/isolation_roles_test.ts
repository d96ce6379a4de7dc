import assert from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import type { ConnectionTarget } from "../../src/db/driver.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import { provisionClinic, readClinic } from "../support/provisioned.ts";
import {
  superuserLogin,
  type TestStack,
  workerLogin,
} from "../support/test_stack.ts";

Deno.test("isolation: what each role of a cluster may do", async (t) => {
  await using own = await openOwnTestStack();
  const { stack, pgBin } = own;
  const [made, other] = await Promise.all([
    provisionClinic(stack),
    provisionClinic(stack),
  ]);
  const clinic = await readClinic(stack, made.id);
  const superuser = superuserLogin(stack);
  const { host, port, tlsCa } = stack.postgres;
  const asClinic = { ...clinic.target, host, port, tlsCa };

  await t.step(
    "no database of the cluster lets everybody connect",
    async () => {
      const open = await withDatabase(
        superuser,
        "postgres",
        (connection) =>
          connection.rows(sql`
        select datname, has_database_privilege('public', oid, 'CONNECT') as connect,
          has_database_privilege('public', oid, 'TEMPORARY') as temporary
        from pg_database
        where has_database_privilege('public', oid, 'CONNECT, TEMPORARY, CREATE')`),
      );
      assert.deepEqual([...open], []);
    },
  );

  await t.step(
    "a clinic's role may connect to its database alone",
    async () => {
      const rows = await asRole(
        asClinic,
        (connection) =>
          connection.rows<{ datname: string }>(sql`
        select datname from pg_database
        where has_database_privilege(current_user, oid, 'CONNECT')`),
      );
      assert.deepEqual(
        rows.map(({ datname }) => datname),
        [made.database],
      );
    },
  );

  await t.step(
    "a role that got in all the same would see nothing",
    async () => {
      await withDatabase(
        superuser,
        "postgres",
        (connection) =>
          connection.script(
            `grant connect on database ${other.database} to ${made.database}`,
          ),
      );
      try {
        await withDatabase(superuser, other.database, async (connection) => {
          await connection.script(`set role ${made.database}`);
          for (const table of ["patients", "staff", "audit_outbox"]) {
            await refused(connection.script(`select * from public.${table}`));
          }
        });
      } finally {
        await withDatabase(
          superuser,
          "postgres",
          (connection) =>
            connection.script(
              `revoke connect on database ${other.database} from ${made.database}`,
            ),
        );
      }
    },
  );

  await t.step(
    "limits of connections, statements and idle transactions",
    async () => {
      const show = sql`select current_setting('statement_timeout') as statement,
      current_setting('lock_timeout') as lock,
      current_setting('idle_in_transaction_session_timeout') as idle`;
      const bounds = (target: ConnectionTarget) =>
        asRole(target, async (connection) => {
          const [row] = await connection.rows<Record<string, string>>(show);
          return Object.values(row!).join(" ");
        });
      assert.equal(await bounds(clinic.target), "5s 3s 10s");
      assert.equal(await bounds(asClinic), "5s 3s 10s");
      assert.equal(await bounds(roleTarget(stack, "api")), "5s 3s 10s");
      assert.equal(await bounds(roleTarget(stack, "pgbouncer")), "5s 0 5s");
      assert.equal(await bounds(roleTarget(stack, "worker")), "0 0 5min");

      const limits = await withDatabase(
        superuser,
        "postgres",
        (connection) =>
          connection.rows<{ rolname: string; rolconnlimit: number }>(sql`
        select rolname, rolconnlimit from pg_roles where rolcanlogin
          and not rolsuper and rolname <> 'cloison_worker' order by rolname`),
      );
      assert.deepEqual(
        limits.map(({ rolname, rolconnlimit }) => [rolname, rolconnlimit]),
        [
          ["cloison_api", 60],
          ["cloison_backup", 4],
          [made.database, 10],
          [other.database, 10],
          ["cloison_pgbouncer", 10],
        ].sort((a, b) => a[0]! < b[0]! ? -1 : 1),
      );
    },
  );

  await t.step("the eleventh session of a clinic is refused", async () => {
    const open: Connection[] = [];
    try {
      let refusal: unknown;
      while (open.length < 11 && refusal === undefined) {
        try {
          open.push(await Connection.open(asClinic));
        } catch (error) {
          refusal = error;
        }
      }
      // The pooler may hold some of the ten.
      assert.ok(open.length <= 10);
      assert.equal((refusal as DatabaseError)?.sqlState, "53300");
    } finally {
      await Promise.all(open.map((connection) => connection.close()));
    }
  });

  await t.step("audit: a clinic's role and the API can only add", async () => {
    await asRole(asClinic, async (connection) => {
      await connection.transaction("read write", async (run) => {
        await run.rows(sql`
          insert into audit_outbox (id, actor_id, session_id, role, action, entity, entity_id, request_id)
          values (${uuidv7()}, ${uuidv7()}, ${uuidv7()}, 'admin', 'x', 'x', ${uuidv7()}, 'x')`);
      });
      await connection.script("set default_transaction_read_only = off");
      await cannotRewrite(connection, "audit_outbox");
    });
    await asRole(roleTarget(stack, "api"), async (connection) => {
      await connection.rows(sql`
        insert into audit_log (id, action, entity, outcome)
        values (${uuidv7()}, 'x', 'x', 'success')`);
      await cannotRewrite(connection, "audit_log");
    });
  });

  await t.step(
    "audit: the worker meets the trigger; as the owner it could remove it",
    async () => {
      const ways = [[CENTRAL_DATABASE, "audit_log"], [
        made.database,
        "audit_outbox",
      ]] as const;
      for (const [database, table] of ways) {
        await withDatabase(workerLogin(stack), database, async (connection) => {
          for (const statement of REWRITES) {
            const error = await refused(
              connection.script(statement.replace("%", table)),
            );
            assert.match(String((error.cause as Error).message), /append-only/);
          }
          // By design: it runs migrations. What bounds it is outside: copies of the trail that it does not hold.
          await connection.script(
            `begin; alter table ${table} disable trigger all; rollback`,
          );
        });
      }
    },
  );

  await t.step(
    "backup: reads what it is to save, changes nothing, opens nothing else",
    async () => {
      const backup = stack.credentials.backup;
      assert.ok(backup);
      for (const database of [made.database, CENTRAL_DATABASE]) {
        const dump = await new Deno.Command(`${pgBin}/pg_dump`, {
          args: ["--format=plain", "--no-owner"],
          clearEnv: true,
          env: {
            PGHOST: host,
            PGPORT: String(port),
            PGUSER: backup.user,
            PGPASSWORD: backup.password,
            PGDATABASE: database,
            PGSSLMODE: "verify-full",
            PGSSLROOTCERT: stack.tlsCaFile!,
          },
        }).output();
        assert.equal(dump.code, 0, new TextDecoder().decode(dump.stderr));
        assert.match(new TextDecoder().decode(dump.stdout), /COPY public\./);
      }
      const target = roleTarget(stack, "backup");
      await asRole(
        { ...target, database: made.database },
        async (connection) => {
          await connection.script("set default_transaction_read_only = off");
          for (
            const statement of [
              "insert into staff (id) values (gen_random_uuid())",
              "update staff set role = 'admin'",
              "delete from audit_outbox",
              "create table public.x ()",
              "copy (select 1) to program 'id'",
              "set role cloison_owner",
              `set role ${made.database}`,
            ]
          ) await refused(connection.script(statement));
        },
      );
      for (const database of ["postgres", "template1"]) {
        const refusal = await Connection.open({ ...target, database })
          .then(() => undefined, (error) => error);
        assert.equal(refusal?.failure, "refused", database);
      }
    },
  );
});

const REWRITES = [
  "update % set action = 'y'",
  "delete from %",
  "truncate %",
];

async function cannotRewrite(
  connection: Connection,
  table: string,
): Promise<void> {
  const statements = [
    ...REWRITES,
    "alter table % disable trigger all",
    "drop trigger append_only on %",
    "alter table % rename to x",
    "drop table %",
  ];
  for (const statement of statements) {
    await refused(connection.script(statement.replace("%", table)));
  }
  await refused(connection.script("set session_replication_role = replica"));
}

/** @returns the refusal, which must be for want of rights */
async function refused(promise: Promise<unknown>): Promise<DatabaseError> {
  const error = await promise.then(() => undefined, (error) => error);
  assert.ok(error instanceof DatabaseError, "it was not refused");
  assert.equal(error.sqlState, "42501");
  return error;
}

async function asRole<T>(
  target: ConnectionTarget,
  fn: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await Connection.open(target);
  try {
    return await fn(connection);
  } finally {
    await connection.close();
  }
}

function roleTarget(
  stack: TestStack,
  role: "api" | "pgbouncer" | "worker" | "backup",
): ConnectionTarget {
  const { host, port, tlsCa } = stack.postgres;
  const { user, password } = stack.credentials[role]!;
  return {
    host,
    port,
    tlsCa,
    database: CENTRAL_DATABASE,
    user,
    password: new Secret(password),
    applicationName: "test",
  };
}
