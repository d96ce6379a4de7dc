import { platformLine } from "../../audit/platform_line.ts";
import type { KeyProvider } from "../../crypto/key_provider.ts";
import { sealSecret } from "../../crypto/seal.ts";
import type { Connection } from "../../db/connection.ts";
import { DatabaseError } from "../../db/errors.ts";
import { migrate, type Migration } from "../../db/migrations.ts";
import { identifier, sql } from "../../db/sql.ts";
import { AppError } from "../../kernel/errors.ts";
import { clinicDatabaseName, type ClinicId } from "../../kernel/ids.ts";
import type { ClinicState } from "../clinic.ts";
import { readLedger, replayErasures } from "../erasure/replay.ts";
import { secretPurpose } from "../directory/clinic_secrets.ts";
import {
  type AdminLogin,
  OWNER_ROLE,
  withDatabase,
} from "../provisioning/admin.ts";
import { ensureRole, openToOwnRole } from "../provisioning/clinic_database.ts";
import { makeSecrets } from "../provisioning/new_secrets.ts";
import { insertSecrets, readRegistered } from "../provisioning/register.ts";
import { BASE_DATABASE, ddl } from "../provisioning/template.ts";
import type { BackupContents } from "./backup_file.ts";
import type { ClinicBackups } from "./clinic_backups.ts";
import { drainDatabase } from "./drain.ts";
import { type PgPrograms, runPgRestore } from "./pg_programs.ts";

export interface RestoreOptions {
  readonly login: AdminLogin;
  readonly keys: KeyProvider;
  readonly migrations: readonly Migration[];
  readonly backups: ClinicBackups;
  readonly programs: PgPrograms;
  /** Makes a path for a file that is needed for a moment. */
  readonly tempFile: () => Promise<string>;
  /** The database that is there cannot be read any more: what it had not told the trail yet is given up. */
  readonly lost?: boolean;
}

/** Nobody works in these. */
const RESTORABLE: readonly ClinicState[] = ["suspended", "closing", "closed"];

/**
 * Puts a clinic back to what a backup holds, also one whose data were removed; afterwards it is suspended. Whoever was
 * erased since stays erased: the central ledger is replayed. The database that is there is replaced only when the other
 * is whole. Interrupted, it is done again.
 * @throws {AppError} `not-found`; `invalid-transition` when people may work in the clinic; `duplicate` when its address
 * is another clinic's by now
 * @throws {TrailNotDrained} when the database that is there cannot be asked what is not on the trail yet
 * @throws {ErasuresNotReplayed} when somebody who was erased would come back
 */
export async function restoreClinic(
  central: Connection,
  clinicId: ClinicId,
  backupId: string,
  options: RestoreOptions,
): Promise<void> {
  const { login, backups, migrations } = options;
  await requireRestorable(central, clinicId);
  const name = clinicDatabaseName(clinicId);
  if (!options.lost) await drainDatabase(login, central, clinicId, name);
  const { contents } = await backups.open(clinicId, backupId);
  await restoreSecrets(central, clinicId, contents, options);
  const { target, vault } = await readRegistered(
    central,
    clinicId,
    options.keys,
    login,
  );
  // The dump grants it rights.
  await ensureRole(central, name, target.password);
  const fresh = `${name}_restoring`;
  await makeEmpty(central, fresh);
  await fill(fresh, clinicId, backupId, options);
  const erasures = await readLedger(central, clinicId);
  await withDatabase(login, fresh, async (connection) => {
    await migrate(connection, migrations, OWNER_ROLE);
    await ddl(connection, sql`set role ${identifier(OWNER_ROLE)}`);
    await replayErasures(connection, vault, clinicId, erasures);
  });
  await ddl(
    central,
    sql`drop database if exists ${identifier(name)} with (force)`,
  );
  await ddl(
    central,
    sql`alter database ${identifier(fresh)} rename to ${identifier(name)}`,
  );
  await openToOwnRole(login, central, name);
  await central.rows(sql`
    update clinics set schema_version = ${migrations.length}
    where id = ${clinicId}`);
}

async function requireRestorable(
  central: Connection,
  clinicId: ClinicId,
): Promise<void> {
  const [clinic] = await central.rows<{ state: ClinicState }>(
    sql`select state from clinics where id = ${clinicId}`,
  );
  if (!clinic) throw new AppError("not-found", "There is no such clinic");
  if (RESTORABLE.includes(clinic.state)) return;
  throw new AppError(
    "invalid-transition",
    `The clinic is ${clinic.state}: suspend it first`,
    { extensions: { state: clinic.state, allowed: RESTORABLE } },
  );
}

/** A clinic that was closed gets a new password and token key; those that its columns are sealed with come back. */
async function restoreSecrets(
  central: Connection,
  clinicId: ClinicId,
  contents: BackupContents,
  { keys }: RestoreOptions,
): Promise<void> {
  const made = await makeSecrets(keys, clinicId);
  const rows = made.rows.filter(({ purpose }) =>
    purpose === "database-password" || purpose === "token-key"
  );
  const dataKeys = await Promise.all(
    contents.dataKeys.map(([number, key]) =>
      sealed(keys, clinicId, "data-key", number, key)
    ),
  );
  const index = await sealed(keys, clinicId, "index-key", 1, contents.indexKey);
  try {
    await central.transaction("read write", async (run) => {
      const [present] = await run.rows(
        sql`select from clinic_secrets where clinic_id = ${clinicId} limit 1`,
      );
      await run.rows(sql`
        update clinics set state = 'suspended', purge_at = null, closed_at = null
        where id = ${clinicId}`);
      await run.rows(sql`
        update operations set state = 'cancelled', finished_at = now()
        where clinic_id = ${clinicId} and kind = 'purge' and state = 'waiting'`);
      await run.rows(platformLine(undefined, {}, {
        action: "clinic.restore",
        clinicId,
        entityId: clinicId,
      }));
      if (!present) {
        await insertSecrets(run, clinicId, {
          rows: [...rows, index],
          publicJwk: made.publicJwk,
        });
      }
      for (const { number, keyId, sealed } of dataKeys) {
        const active = !present && number === contents.currentDataKey;
        await run.rows(sql`
          insert into clinic_secrets (clinic_id, purpose, number, key_id, sealed,
            active, retired_at)
          values (${clinicId}, 'data-key', ${number}, ${keyId}, ${sealed}, true,
            case when ${active}::boolean then null else now() end)
          on conflict do nothing`);
      }
    });
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.failure !== "unique") {
      throw error;
    }
    throw new AppError(
      "duplicate",
      "Another clinic has the e-mail address by now",
      { cause: error },
    );
  }
}

async function sealed(
  keys: KeyProvider,
  clinicId: ClinicId,
  purpose: "data-key" | "index-key",
  number: number,
  base64: string,
) {
  const place = { clinicId, purpose: secretPurpose(purpose, number) };
  const secret = await sealSecret(keys, place, Uint8Array.fromBase64(base64));
  return { purpose, number, ...secret };
}

/** An empty database that nobody else can connect to; what an interrupted restore has left is thrown away. */
async function makeEmpty(central: Connection, name: string): Promise<void> {
  const database = identifier(name);
  await ddl(central, sql`drop database if exists ${database} with (force)`);
  await ddl(
    central,
    sql`create database ${database} template ${identifier(BASE_DATABASE)}
      owner ${identifier(OWNER_ROLE)} allow_connections false`,
  );
  await ddl(central, sql`revoke all on database ${database} from public`);
  await ddl(central, sql`alter database ${database} allow_connections true`);
}

/** Rights on what every database has from the start: they are there, and only a superuser could give them. */
const OF_THE_BASE = / ACL (pg_catalog|- LANGUAGE) /;

async function fill(
  database: string,
  clinicId: ClinicId,
  backupId: string,
  { login, backups, programs, tempFile }: RestoreOptions,
): Promise<void> {
  const listed = await runPgRestore(
    programs,
    ["--list"],
    (await backups.open(clinicId, backupId)).dump,
  );
  const kept = listed.split("\n").filter((line) => !OF_THE_BASE.test(line));
  const path = await tempFile();
  try {
    await Deno.writeTextFile(path, kept.join("\n"), { mode: 0o600 });
    await runPgRestore(
      programs,
      [
        `--dbname=${database}`,
        `--use-list=${path}`,
        `--role=${OWNER_ROLE}`,
        "--no-owner",
        "--no-comments",
        "--exit-on-error",
        "--single-transaction",
        "--no-password",
      ],
      (await backups.open(clinicId, backupId)).dump,
      { login, database },
    );
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
