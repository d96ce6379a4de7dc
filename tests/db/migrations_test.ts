import assert from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import {
  migrate,
  type Migration,
  migrationsHash,
  readMigrations,
} from "../../src/db/migrations.ts";
import { sql } from "../../src/db/sql.ts";
import {
  adminTarget,
  failure,
  makeDatabase,
  useDatabase,
} from "./databases.ts";

const fixture = useDatabase();
const OWNER = "cloison_owner";

/** A folder of migrations, and its content when read. */
async function folderOf(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly read: () => Promise<Migration[]> }> {
  const path = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${path}/${name}`, text);
  }
  return {
    read: () => readMigrations(new URL(`file://${path}/`)),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function read(
  files: Readonly<Record<string, string>>,
): Promise<Migration[]> {
  await using folder = await folderOf(files);
  return await folder.read();
}

/** Gives `fn` a session of the worker on a database that has nothing yet. */
async function onNewDatabase(
  fn: (
    connection: Connection,
    another: () => Promise<Connection>,
  ) => Promise<void>,
): Promise<void> {
  const { stack, admin } = fixture();
  const { name } = await makeDatabase(stack);
  await admin.script(`alter database ${name} owner to ${OWNER}`);
  const open: Connection[] = [];
  const another = async () => {
    const connection = await Connection.open(
      adminTarget(stack, name, "worker"),
    );
    open.push(connection);
    return connection;
  };
  try {
    await fn(await another(), another);
  } finally {
    for (const connection of open) await connection.close();
  }
}

async function tables(connection: Connection): Promise<string[]> {
  const rows = await connection.rows<{ line: string }>(sql`
    select tablename || ' of ' || tableowner as line from pg_tables
    where schemaname = 'public' order by tablename`);
  return rows.map(({ line }) => line);
}

async function ledger(connection: Connection): Promise<string[]> {
  const rows = await connection.rows<{ line: string }>(sql`
    select number || ' ' || name || ' ' || checksum as line
    from schema_migrations order by number`);
  return rows.map(({ line }) => line);
}

function names(migrations: readonly Migration[]): string[] {
  return migrations.map(({ name }) => name);
}

const FILES = {
  "0001_first.sql": "create table a (id int);\ninsert into a values (1)",
  "0002_second.sql": `-- A comment; and a semicolon.
    create function twice(n int) returns int language plpgsql as
      $$ begin return n * 2; end $$;
    create table b (id int default twice(2)); -- the end`,
};

Deno.test("migrations: are applied in order, once, as the owner, with their lines in the ledger", async () => {
  const migrations = await read(FILES);
  await onNewDatabase(async (connection) => {
    assert.deepEqual(names(await migrate(connection, migrations, OWNER)), [
      "first",
      "second",
    ]);
    assert.deepEqual(await migrate(connection, migrations, OWNER), []);
    assert.deepEqual(await tables(connection), [
      `a of ${OWNER}`,
      `b of ${OWNER}`,
      `schema_migrations of ${OWNER}`,
    ]);
    assert.deepEqual(
      await ledger(connection),
      migrations.map(({ number, name, checksum }) =>
        `${number} ${name} ${checksum}`
      ),
    );
    const [self] = await connection.rows<{ role: string }>(
      sql`select current_user as role`,
    );
    assert.equal(self?.role, "cloison_worker");
  });
});

Deno.test("migrations: what is new is applied on top", async () => {
  await onNewDatabase(async (connection) => {
    const [first, second] = await read(FILES);
    await migrate(connection, [first!], OWNER);
    assert.deepEqual(
      names(await migrate(connection, [first!, second!], OWNER)),
      ["second"],
    );
  });
});

Deno.test("migrations: a file that was changed or renamed after its release is refused", async () => {
  const original = await read(FILES);
  const changes = [
    { ...FILES, "0001_first.sql": FILES["0001_first.sql"] + " " },
    {
      "0001_other.sql": FILES["0001_first.sql"],
      "0002_second.sql": FILES["0002_second.sql"],
    },
  ];
  for (const files of changes) {
    const changed = await read(files);
    await onNewDatabase(async (connection) => {
      await migrate(connection, [original[0]!], OWNER);
      await assert.rejects(
        migrate(connection, changed, OWNER),
        /was changed after it had been applied/,
      );
      assert.equal((await ledger(connection)).length, 1);
    });
  }
});

Deno.test("migrations: a database that is ahead of the program is refused", async () => {
  const migrations = await read(FILES);
  await onNewDatabase(async (connection) => {
    await migrate(connection, migrations, OWNER);
    await assert.rejects(
      migrate(connection, migrations.slice(0, 1), OWNER),
      /the database has migration 2/,
    );
  });
});

Deno.test("migrations: a broken file leaves nothing of itself, and those before it stay", async () => {
  const broken = {
    "a late error": "create table c (id int); select 1 / 0;",
    "a syntax error": "create table c (id int); nonsense;",
    "an error at COMMIT": `create table c (id int primary key,
      parent int references c deferrable initially deferred);
      insert into c values (1, 2);`,
  };
  for (const [name, text] of Object.entries(broken)) {
    const migrations = await read({ ...FILES, "0003_broken.sql": text });
    await onNewDatabase(async (connection) => {
      const error = await failure(migrate(connection, migrations, OWNER));
      assert.match(String(error), /Cannot apply migration 3 broken/, name);
      assert.equal((await tables(connection)).length, 3, name);
      assert.equal((await ledger(connection)).length, 2, name);
      // The session is as it was: the next try starts from there.
      const repaired = await read({ ...FILES, "0003_broken.sql": "select 1" });
      assert.deepEqual(names(await migrate(connection, repaired, OWNER)), [
        "broken",
      ]);
    });
  }
});

Deno.test("migrations: a file that ends the transaction itself is refused unread by the server", async () => {
  const texts = [
    "create table c (id int); commit; create table d (id int);",
    "create table c (id int);\n  ROLLBACK ;",
    "begin;\ncreate table c (id int);\nend;",
    "start transaction; create table c (id int);",
  ];
  for (const text of texts) {
    await assert.rejects(
      read({ "0001_first.sql": text }),
      /it must leave the transaction alone/,
    );
  }
  await read({
    "0001_first.sql": `-- commit; is what it does not do
      create function f() returns void language plpgsql as $$
      begin
        perform 1;
      end;
      $$; select 'commit; begin;'`,
  });
});

Deno.test("migrations: two runners at once apply each file once", async () => {
  const migrations = await read({
    ...FILES,
    "0003_slow.sql": "select pg_sleep(0.2)",
  });
  await onNewDatabase(async (one, another) => {
    const two = await another();
    const applied = await Promise.all([
      migrate(one, migrations, OWNER),
      migrate(two, migrations, OWNER),
    ]);
    assert.deepEqual(applied.map(({ length }) => length).sort(), [0, 3]);
    assert.equal((await ledger(one)).length, 3);
  });
});

Deno.test("migrations: a file cannot leave settings behind for the next", async () => {
  const migrations = await read({
    "0001_first.sql": "set search_path = pg_catalog; set role none",
    "0002_second.sql": "create table here (id int)",
  });
  await onNewDatabase(async (connection) => {
    await migrate(connection, migrations, OWNER);
    assert.deepEqual(await tables(connection), [
      `here of ${OWNER}`,
      `schema_migrations of ${OWNER}`,
    ]);
  });
});

Deno.test("migrations: file names are checked, and their state has one hash", async () => {
  for (
    const files of [
      { "0002_second.sql": "select 1" },
      { "1_first.sql": "select 1" },
      { "0001_First.sql": "select 1" },
      { "0001_first.sql": "select 1", "0001_second.sql": "select 1" },
    ]
  ) {
    await assert.rejects(read(files), /Cannot read migration/);
  }
  const migrations = await read(FILES);
  assert.equal(migrationsHash(migrations), migrationsHash(await read(FILES)));
  assert.match(migrationsHash(migrations), /^[0-9a-f]{16}$/);
  assert.notEqual(
    migrationsHash(migrations),
    migrationsHash(migrations.slice(1)),
  );
});
