import assert from "node:assert/strict";
import { openStack } from "../../scripts/stack/cluster.ts";
import { freePorts } from "../../scripts/stack/ports.ts";
import { addClinic, CLINIC_PASSWORD, psql, tempStackDir } from "./psql.ts";

const CLINIC_A = "cloison_clinic_" + "a".repeat(32);
const CLINIC_B = "cloison_clinic_" + "b".repeat(32);

Deno.test("stack: roles, pooler and cluster keep clinics apart", async (t) => {
  await using dir = await tempStackDir();
  await using stack = await openStack({
    dir: dir.path,
    ports: freePorts(),
    fast: true,
  });
  const direct = stack.postgres.port;
  const pooled = stack.pooler.port;
  const { worker, api, pgbouncer, poolerAdmin } = stack.credentials;
  const superuser = {
    user: stack.postgres.superuser,
    password: stack.postgres.password,
  };
  const a = { user: CLINIC_A, password: CLINIC_PASSWORD };
  await addClinic(stack, CLINIC_A);
  await addClinic(stack, CLINIC_B);

  await t.step(
    "a clinic's role opens its own database, both ways",
    async () => {
      for (const port of [direct, pooled]) {
        const answer = await psql(
          stack,
          port,
          a,
          CLINIC_A,
          "SELECT current_database()",
        );
        assert.equal(answer.out, CLINIC_A);
      }
    },
  );

  await t.step("a clinic's role opens no other database", async () => {
    const others = [CLINIC_B, "cloison_central", "postgres", "template1"];
    for (const database of [...others, "authdb"]) {
      const answer = await psql(stack, pooled, a, database, "SELECT 1");
      assert.match(answer.error, /FATAL: +login rejected/, database);
    }
    const console = await psql(stack, pooled, a, "pgbouncer", "SHOW POOLS");
    assert.notEqual(console.code, 0);
    for (const database of others) {
      const answer = await psql(stack, direct, a, database, "SELECT 1");
      assert.match(answer.error, /pg_hba\.conf rejects/, database);
    }
  });

  await t.step("the socket lets in nobody but the pooler's", async () => {
    const socket = `${dir.path}/postgres`;
    const own = await psql(stack, socket, a, CLINIC_A, "SELECT 1");
    assert.equal(own.out, "1", own.error);
    for (const database of [CLINIC_B, "cloison_central", "template1"]) {
      const answer = await psql(stack, socket, a, database, "SELECT 1");
      assert.match(answer.error, /pg_hba\.conf rejects/, database);
    }
    for (const login of [superuser, worker, stack.credentials.backup]) {
      for (const database of [CLINIC_A, "cloison_central", "postgres"]) {
        const answer = await psql(stack, socket, login, database, "SELECT 1");
        assert.match(answer.error, /pg_hba\.conf rejects/, login.user);
      }
    }
  });

  await t.step(
    "CONNECT rights refuse it too, without pg_hba.conf",
    async () => {
      const names = `'cloison_central', 'template1', 'postgres', '${CLINIC_B}'`;
      const answer = await psql(
        stack,
        direct,
        superuser,
        "postgres",
        `SELECT count(*) FROM pg_database WHERE datname IN (${names})
       AND (has_database_privilege('${CLINIC_A}', oid, 'CONNECT')
         OR has_database_privilege('${CLINIC_A}', oid, 'TEMPORARY'))`,
      );
      assert.equal(answer.out, "0");
    },
  );

  await t.step("the lookup answers for clinics and the API alone", async () => {
    const found = await psql(
      stack,
      direct,
      pgbouncer,
      "cloison_central",
      "SELECT string_agg(uname, ',' ORDER BY uname) FROM pg_catalog.unnest(" +
        `ARRAY['postgres','cloison_worker','cloison_owner','cloison_clinics',` +
        `'cloison_pgbouncer','cloison_api','nobody','${CLINIC_A}']) AS r, ` +
        "pooler.get_auth(r)",
    );
    assert.equal(found.out, `cloison_api,${CLINIC_A}`, found.error);
  });

  await t.step("the lookup role can do nothing else", async () => {
    for (
      const sql of [
        "SELECT rolpassword FROM pg_authid",
        "CREATE TABLE public.x ()",
        "CREATE TEMPORARY TABLE x ()",
        "SET ROLE cloison_owner",
      ]
    ) {
      const answer = await psql(
        stack,
        direct,
        pgbouncer,
        "cloison_central",
        sql,
      );
      assert.match(answer.error, /permission denied/, sql);
    }
    const other = await psql(stack, direct, pgbouncer, CLINIC_A, "SELECT 1");
    assert.match(other.error, /pg_hba\.conf rejects/);
  });

  await t.step("only the lookup role may call the lookup", async () => {
    const answer = await psql(
      stack,
      direct,
      api,
      "cloison_central",
      "SELECT * FROM pooler.get_auth('cloison_api')",
    );
    assert.match(answer.error, /permission denied for schema pooler/);
  });

  await t.step("worker and superuser do not pass the pooler", async () => {
    for (const who of [worker, superuser, pgbouncer]) {
      for (const database of ["cloison_central", CLINIC_A, "authdb"]) {
        const answer = await psql(stack, pooled, who, database, "SELECT 1");
        assert.notEqual(answer.code, 0, `${who.user} on ${database}`);
      }
    }
  });

  await t.step("a wrong password is refused, both ways", async () => {
    const wrong = { user: CLINIC_A, password: "wrong" };
    for (const port of [direct, pooled]) {
      const answer = await psql(stack, port, wrong, CLINIC_A, "SELECT 1");
      assert.match(answer.error, /authentication failed/);
    }
  });

  await t.step("the API opens central only, with its limits set", async () => {
    for (const port of [direct, pooled]) {
      const answer = await psql(
        stack,
        port,
        api,
        "cloison_central",
        `SELECT concat_ws(' ', current_setting('statement_timeout'),
           current_setting('idle_in_transaction_session_timeout'),
           current_setting('timezone'))`,
      );
      assert.equal(answer.out, "5s 10s UTC", answer.error);
    }
    for (const database of [CLINIC_A, "postgres", "pgbouncer"]) {
      const answer = await psql(stack, pooled, api, database, "SELECT 1");
      assert.notEqual(answer.code, 0, database);
    }
  });

  await t.step("the console's password opens the console alone", async () => {
    const shown = await psql(
      stack,
      pooled,
      poolerAdmin,
      "pgbouncer",
      "SHOW VERSION",
    );
    assert.match(shown.out, /^PgBouncer 1\./);
    const other = await psql(stack, pooled, poolerAdmin, CLINIC_A, "SELECT 1");
    assert.notEqual(other.code, 0);
  });

  await t.step("no password or verifier stands in a log", async () => {
    for (const part of ["postgres", "pgbouncer"]) {
      const log = await Deno.readTextFile(`${dir.path}/${part}/server.log`);
      assert.doesNotMatch(log, /SCRAM-SHA-256\$/);
      for (const { password } of [worker, api, pgbouncer, superuser]) {
        assert.ok(!log.includes(password));
      }
    }
  });

  await t.step("a halted server comes back", async () => {
    for (const part of ["pooler", "postgres"] as const) {
      await stack.halt(part);
      assert.equal(stack.alive, false);
      await stack.resume(part);
      const answer = await psql(stack, direct, a, CLINIC_A, "SELECT 1");
      assert.equal(answer.out, "1", answer.error);
    }
  });
});
