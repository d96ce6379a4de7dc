import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readMigrations } from "../../src/db/migrations.ts";
import { sql } from "../../src/db/sql.ts";
import { Connection } from "../../src/db/connection.ts";
import { AppError } from "../../src/kernel/errors.ts";
import { type ClinicId, uuidv7 } from "../../src/kernel/ids.ts";
import { BackupStore } from "../../src/tenancy/backups/backup_store.ts";
import { ClinicBackups } from "../../src/tenancy/backups/clinic_backups.ts";
import { readExport } from "../../src/tenancy/backups/export_file.ts";
import { lineOfRow } from "../../src/tenancy/backups/export_rows.ts";
import { restoreClinic } from "../../src/tenancy/backups/restore.ts";
import { schemaInspector } from "../../src/tenancy/fleet/schema_drift.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import {
  inRegistry,
  MIGRATIONS,
  tracesOf,
  WHOLE,
  workerConfig,
} from "../support/operations.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import {
  cellKeys,
  provisionClinic,
  readClinic,
} from "../support/provisioned.ts";
import { workerLogin } from "../support/test_stack.ts";
import { dropDatabase } from "../../src/tenancy/provisioning/clinic_database.ts";

const PLACE = { table: "patients", column: "nir_sealed", row: uuidv7() };
const SEALED = "2 95 10 99 126 111 93";

Deno.test("restore: a clinic comes back as it was saved, also when everything of it was removed", async (t) => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  const folder = await Deno.makeTempDir();
  const { backups: config } = workerConfig(stack, folder);
  const { programs, login: reader } = {
    programs: { pgBin: config!.pgBin, tlsCaFile: config!.tlsCaFile },
    login: config!.login,
  };
  const keys = cellKeys(stack);
  const login = workerLogin(stack);
  const store = new BackupStore(`${folder}/backups`);
  const backups = new ClinicBackups({ store, programs, reader, keys });
  const migrations = await readMigrations(MIGRATIONS);
  const clinic = await provisionClinic(stack);
  const { id, database } = clinic;
  const backupId = uuidv7();

  function inClinic<Row>(statement: ReturnType<typeof sql>): Promise<Row[]> {
    return withDatabase(
      login,
      database,
      (connection) => connection.rows<Row>(statement),
    );
  }
  const addStaff = (email: string) =>
    inClinic(sql`
      insert into staff (id, email, given_names, family_name, role)
      values (${uuidv7()}, ${email}, 'A', 'B', 'nurse')`);
  const people = async () =>
    (await inClinic<{ email: string }>(
      sql`select email from staff order by email`,
    ))
      .map(({ email }) => email);
  const restore = (clinicId: ClinicId = id, which = backupId) =>
    withDatabase(
      login,
      CENTRAL_DATABASE,
      (central) =>
        restoreClinic(central, clinicId, which, {
          login,
          keys,
          migrations,
          backups,
          programs,
          tempFile: () => Deno.makeTempFile({ dir: folder }),
        }),
    );
  const setState = (state: string) =>
    inRegistry(
      stack,
      sql`update clinics set state = ${state} where id = ${id}`,
    );

  await addStaff("before@x.test");
  const sealed = (await readClinic(stack, id)).vault.sealText(PLACE, SEALED);

  await t.step("saved, and nothing of it is readable in the file", async () => {
    await withDatabase(
      login,
      CENTRAL_DATABASE,
      (central) =>
        backups.make(central, { backupId, clinicId: id, reason: "requested" }),
    );
    await backups.verify(id, backupId);
    const file = await Deno.readFile(store.path(id, backupId));
    const text = new TextDecoder("latin1").decode(file);
    for (const known of ["PGDMP", "before@x.test", "staff", clinic.slug]) {
      assert.ok(!text.includes(known), known);
    }
    assert.ok(text.includes(id));
  });

  await t.step(
    "exported: every row for people to read, nothing that lets anybody in",
    async () => {
      const patient = PLACE.row;
      await inClinic(sql`
        insert into patients (id, profile_status, given_names, family_name,
          birth_date, nir_sealed, nir_index)
        values (${patient}, 'complete', 'Zoë', 'Le Goff', '1995-10-09',
          ${sealed}, ${new Uint8Array(32)})`);
      const exportId = uuidv7();
      await withDatabase(
        login,
        CENTRAL_DATABASE,
        (central) =>
          backups.make(central, {
            backupId: exportId,
            clinicId: id,
            reason: "export",
          }),
      );
      const path = store.path(id, exportId);
      const whole = await Deno.readFile(path);
      const text = new TextDecoder("latin1").decode(whole);
      for (const known of ["Le Goff", "before@x.test", SEALED]) {
        assert.ok(!text.includes(known), known);
      }
      const { dump } = await backups.open(id, exportId, "export");
      const rows = new Map<string, Record<string, unknown>[]>();
      const tables = await readExport(
        dump,
        (table, row) => void rows.set(table, [...rows.get(table) ?? [], row]),
      );
      const [found] = rows.get("patients")!;
      assert.equal(found!.family_name, "Le Goff");
      assert.equal(found!.nir, SEALED);
      assert.ok(!("nir_sealed" in found!) && !("nir_index" in found!));
      assert.equal(rows.get("staff")!.length, 2);
      assert.ok(rows.get("staff")!.every((row) => !("password_hash" in row)));
      // Whatever table comes next is in it, or stands in the list of those that nobody gets.
      const [all] = await inClinic<{ names: string[] }>(sql`
        select array_agg(relname::text order by relname) as names
        from pg_class where relnamespace = 'public'::regnamespace
          and relkind = 'r'`);
      assert.deepEqual(
        all!.names.filter((name) => !(name in tables)),
        [
          "audit_outbox",
          "consent_links",
          "idempotency_keys",
          "link_tokens",
          "patient_export_chunks",
          "patient_export_links",
          "patient_exports",
          "recovery_codes",
          "refresh_tokens",
          "schema_migrations",
          "second_factors",
          "sessions",
        ],
      );
      await backups.verifyExport(id, exportId);
      await assert.rejects(backups.open(id, exportId), { code: "conflict" });
      await assert.rejects(
        backups.open(id, backupId, "export"),
        { code: "conflict" },
      );
      await Deno.writeFile(path, whole.subarray(0, whole.length - 40));
      await assert.rejects(backups.verifyExport(id, exportId), /Cannot/);
      await inClinic(sql`delete from patients where id = ${patient}`);
    },
  );

  await t.step("an export with a row less, or another, is none", async () => {
    const row = { table: "staff", row: { id: 1, name: "Ada" } };
    const sha256 = createHash("sha256").update(lineOfRow(row.row)).digest(
      "hex",
    );
    const end = { tables: { staff: { rows: 1, sha256 } } };
    const read = (...lines: object[]) =>
      readExport(
        ReadableStream.from(
          lines.map((line) =>
            new TextEncoder().encode(`${JSON.stringify(line)}\n`)
          ),
        ),
      );
    assert.deepEqual(await read(row, end), end.tables);
    const other = { ...row, row: { id: 1, name: "Bea" } };
    const bad = [[row], [end], [other, end], [row, row, end], [
      row,
      { table: "patients", row: {} },
      end,
    ]];
    for (const lines of bad) {
      await assert.rejects(read(...lines), /Cannot read export/);
    }
  });

  await t.step("people may work in it: nothing is restored", async () => {
    const error = await restore().then(() => undefined, (error) => error);
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "invalid-transition");
  });

  await t.step("suspended: what came after the backup is gone", async () => {
    await addStaff("after@x.test");
    await setState("suspended");
    await restore();
    assert.deepEqual(await people(), ["admin@clinic.test", "before@x.test"]);
    assert.deepEqual(await tracesOf(stack, id), {
      ...WHOLE,
      state: "suspended",
    });
    await worksAsItsRole();
  });

  await t.step("a file that was cut changes nothing", async () => {
    const path = store.path(id, backupId);
    const whole = await Deno.readFile(path);
    await Deno.writeFile(path, whole.subarray(0, whole.length - 1_000));
    await addStaff("kept@x.test");
    await assert.rejects(restore(), /Cannot open/);
    assert.ok((await people()).includes("kept@x.test"));
    await Deno.writeFile(path, whole);
  });

  await t.step(
    "closed, its database and keys removed: it is as it was saved",
    async () => {
      await withDatabase(
        login,
        CENTRAL_DATABASE,
        (central) => dropDatabase(central, database),
      );
      await inRegistry(
        stack,
        sql`delete from clinic_secrets where clinic_id = ${id}`,
      );
      await inRegistry(
        stack,
        sql`delete from clinic_token_keys where clinic_id = ${id}`,
      );
      await setState("closed");
      await restore();
      assert.deepEqual(await tracesOf(stack, id), {
        ...WHOLE,
        state: "suspended",
      });
      assert.deepEqual(await people(), ["admin@clinic.test", "before@x.test"]);
      const { vault } = await readClinic(stack, id);
      assert.equal(vault.openText(PLACE, sealed), SEALED);
      await worksAsItsRole();
      // A dump says the same in other words here and there: that is no drift.
      assert.equal(
        await schemaInspector(login, migrations)(database),
        undefined,
      );
    },
  );

  async function worksAsItsRole(): Promise<void> {
    const { target } = await readClinic(stack, id);
    const connection = await Connection.open(target);
    try {
      assert.equal((await connection.rows(sql`select from staff`)).length, 2);
      await assert.rejects(connection.script("create table x ()"));
    } finally {
      await connection.close();
    }
  }
});
