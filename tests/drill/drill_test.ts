import assert from "node:assert/strict";
import { runDrill } from "../../scripts/drill/run_drill.ts";
import type { RowReport } from "../../scripts/drill/row.ts";
import { sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { logIn } from "../support/client.ts";
import { drillTarget } from "../support/drill.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import { superuserLogin } from "../support/test_stack.ts";
import {
  copySecret,
  EternalTokens,
  shareDataKey,
  sharePassword,
  shareSigningKey,
  TrustingTokens,
  type Undo,
} from "../support/weakened.ts";
import { openWorld, type TestClinic, type World } from "../support/world.ts";

Deno.test("drill: it holds on a sound stack, and each thing that is weakened turns its own row red", async (t) => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  await using world = await openWorld({ stack });
  const [a, b] = [world.clinic(0), world.clinic(1)];
  const superuser = superuserLogin(stack);
  const asSuperuser = (statement: string, database = "postgres") =>
    withDatabase(
      superuser,
      database,
      (connection) => connection.script(statement),
    );

  async function play(on: World, expected: readonly string[]): Promise<void> {
    const { rows } = await runDrill(drillTarget(own, on), { clinics: 4 });
    const bad = rows.filter(({ verdict }) =>
      verdict !== "held" && verdict !== "no such thing"
    );
    assert.deepEqual(
      bad.map(({ id, verdict }) => `${id}: ${verdict}`),
      expected.map((id) => `${id}: breached`),
      JSON.stringify(bad.map(short), null, 1),
    );
  }

  /** Weakens one thing, plays, and puts it back. */
  async function shows(
    what: string,
    row: string,
    weaken: () => Promise<Undo>,
  ): Promise<void> {
    await t.step(what, async () => {
      const undo = await weaken();
      try {
        for (const { id } of world.clinics) world.directory.drop(id);
        await play(world, [row]);
      } finally {
        await undo();
        for (const { id } of world.clinics) world.directory.drop(id);
      }
    });
  }

  await t.step("sound: every row holds", () => play(world, []));

  await shows(
    "everybody may connect to a clinic's database",
    "database-password",
    async () => {
      await asSuperuser(`grant connect on database ${b.database} to public`);
      return () =>
        asSuperuser(`revoke connect on database ${b.database} from public`);
    },
  );
  await shows(
    "two clinics have one password",
    "database-password",
    () => sharePassword(stack, a, b),
  );
  await shows(
    "a clinic's role may read the server's files",
    "sql-injection",
    async () => {
      await asSuperuser(`grant pg_read_server_files to ${a.database}`);
      return () =>
        asSuperuser(`revoke pg_read_server_files from ${a.database}`);
    },
  );
  await t.step("a clinic's role may be used by another clinic", async () => {
    await asSuperuser(`grant ${b.database} to ${a.database}`);
    try {
      // A right on the other database, and another role to take.
      await play(world, ["database-password", "sql-injection"]);
    } finally {
      await asSuperuser(`revoke ${b.database} from ${a.database}`);
    }
  });
  await shows(
    "two clinics sign with one key",
    "signing-key",
    () => shareSigningKey(stack, a, b),
  );
  await shows(
    "a sealed secret was copied to another clinic",
    "central-database",
    () => copySecret(stack, a, b),
  );
  await shows(
    "a social security number stands in clear",
    "clinic-database",
    () => writeInClear(world, a),
  );
  await t.step("a social security number stands in the registry", async () => {
    const name = (text: string) =>
      withDatabase(
        superuser,
        CENTRAL_DATABASE,
        (central) =>
          central.rows(sql`update clinics set name = ${text}
          where id = ${a.id}`),
      );
    await name("295109912611193");
    try {
      await play(world, ["central-database", "platform-token"]);
    } finally {
      await name("Clinic");
    }
  });
  await shows(
    "the look-up answers for everybody",
    "pooler-credential",
    async () => {
      const [row] = await withDatabase(
        superuser,
        CENTRAL_DATABASE,
        (central) =>
          central.rows<{ source: string }>(sql`
          select pg_get_functiondef('pooler.get_auth'::regproc) as source`),
      );
      await asSuperuser(LOOKUP_FOR_ALL, CENTRAL_DATABASE);
      return () => asSuperuser(row!.source, CENTRAL_DATABASE);
    },
  );
  await shows(
    "a cell has no probe, and so serves under any key",
    "cell-process",
    async () => {
      await asSuperuser(NO_PROBE, CENTRAL_DATABASE);
      return () =>
        asSuperuser("drop trigger forget on cells", CENTRAL_DATABASE);
    },
  );
  for (
    const [what, row, tokens] of [
      [
        "the API does not look whose key a token names",
        "signing-key",
        TrustingTokens,
      ],
      ["tokens live for an hour", "access-token", EternalTokens],
    ] as const
  ) {
    await t.step(what, async () => {
      await using weak = await openWorld({ stack, clinics: 0, tokens });
      await play(withClinics(weak, world), [row]);
    });
  }
  await shows(
    "two clinics seal with one key",
    "matrix",
    () => shareDataKey(stack, a, b),
  );
});

async function writeInClear(world: World, clinic: TestClinic): Promise<Undo> {
  const client = await logIn(world, clinic);
  const { status, body } = await client.post("/v1/patients", {
    profileStatus: "provisional",
    givenNames: "Ada",
    phone: "+33199004217",
    addressLine1: "295109912611193",
  });
  assert.equal(status, 201);
  return async () => {
    const cleared = await client.patch(`/v1/patients/${body.id}`, {
      addressLine1: null,
    }, '"1"');
    assert.equal(cleared.status, 200, cleared.text);
  };
}

const LOOKUP_FOR_ALL = `
create or replace function pooler.get_auth(wanted text, out uname text, out phash text)
returns setof record language sql stable strict security definer
set search_path = pg_catalog, pg_temp as $$
  select rolname::text, rolpassword from pg_authid where rolname = wanted
$$`;

const NO_PROBE = `
create function forget_probe() returns trigger language plpgsql as $$
begin
  new.probe_key_id := null;
  new.probe_sealed := null;
  return new;
end $$;
create trigger forget before insert or update on cells
  for each row execute function forget_probe();
update cells set probe_key_id = null, probe_sealed = null`;

function short({ id, verdict, findings }: RowReport) {
  return { id, verdict, findings: findings.slice(0, 5) };
}

/** Another API in front of the same clinics. */
function withClinics(api: World, { clinics }: World): World {
  return Object.create(api, { clinics: { value: clinics } });
}
