import type { Command } from "commander";
import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import { SealError } from "../../src/crypto/seal.ts";
import { sql } from "../../src/db/sql.ts";
import { AppError } from "../../src/kernel/errors.ts";
import { type ClinicId, isUuid, uuidv7 } from "../../src/kernel/ids.ts";
import { restoreClinic } from "../../src/tenancy/backups/restore.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { migrationsOf } from "../dev/central.ts";
import { ArgumentError } from "./arguments.ts";
import { openBackupPlace } from "./backup_place.ts";
import { readClinic } from "./clinic_rows.ts";
import { examples } from "./help.ts";
import type { Operator } from "./operator.ts";
import { type OpenLedger, openLedger } from "./run_operation.ts";
import { instant } from "./show_operation.ts";
import { table } from "./table.ts";
import { say } from "./terminal.ts";

interface Json {
  readonly json: boolean;
}

interface BackupRow {
  readonly id: string;
  readonly reason: string;
  readonly bytes: string;
  readonly keyId: string;
  readonly schemaVersion: number;
  readonly createdAt: string;
  readonly deleteAfter: string | null;
  readonly deletedAt: string | null;
}

/** `cloison clinic backup …`, `backups`, `restore` */
export function addBackupCommands(
  clinic: Command,
  operator: () => Promise<Operator>,
): void {
  clinic.command("backup")
    .description("Save a clinic into an encrypted file, and read it back")
    .argument("<slug>", "its short name")
    .option("--json", "print JSON", false)
    .addHelpText("after", examples("cloison clinic backup clinique-lyon"))
    .action((slug: string, options: Json) => backUp(slug, options, operator));

  clinic.command("backups")
    .description("List the backups of a clinic")
    .argument("<slug>", "its short name")
    .option("--json", "print JSON", false)
    .addHelpText("after", examples("cloison clinic backups clinique-lyon"))
    .action((slug: string, options: Json) => list(slug, options, operator));

  clinic.command("restore")
    .description(
      "Put a suspended or closed clinic back to what a backup holds, less whom was erased since; it is suspended afterwards",
    )
    .argument("<slug>", "its short name")
    .argument("<backup>", "id of the backup")
    .option(
      "--lost",
      "the present database cannot be read any more: give up what it had not told the trail yet",
      false,
    )
    .addHelpText(
      "after",
      examples(
        "cloison clinic backups clinique-lyon",
        "cloison clinic suspend clinique-lyon",
        "cloison clinic restore clinique-lyon 01a2099c-d846-734b-8f83-b707f314fe1a",
        "cloison clinic resume clinique-lyon",
      ),
    )
    .action((slug: string, backup: string, { lost }: { lost: boolean }) =>
      restore(slug, backup, lost, operator)
    );
}

async function backUp(
  slug: string,
  { json }: Json,
  operator: () => Promise<Operator>,
): Promise<void> {
  const opened = await operator();
  await using ledger = openLedger(opened);
  const clinic = await readClinic(ledger, slug);
  const { backups } = await openBackupPlace(opened);
  const backupId = uuidv7();
  const bytes = await withDatabase(
    opened.login,
    CENTRAL_DATABASE,
    (central) =>
      backups.make(central, {
        backupId,
        clinicId: clinic.id as ClinicId,
        reason: "requested",
      }),
  );
  await backups.verify(clinic.id, backupId);
  if (json) return say(JSON.stringify({ id: backupId, bytes }, null, 2));
  say(
    `${clinic.slug} is saved and can be read: backup ${backupId}, ${bytes} bytes`,
  );
}

async function list(
  slug: string,
  { json }: Json,
  operator: () => Promise<Operator>,
): Promise<void> {
  await using ledger = openLedger(await operator());
  const rows = await readBackups(ledger, (await readClinic(ledger, slug)).id);
  if (json) return say(JSON.stringify(rows, null, 2));
  if (rows.length === 0) return say("No backups");
  say(table([
    ["Backup", "Why", "Made", "Bytes", "Schema", "Key", "Removed"],
    ...rows.map((row) => [
      row.id,
      row.reason,
      instant(row.createdAt),
      row.bytes,
      String(row.schemaVersion),
      row.keyId,
      instant(row.deletedAt ?? row.deleteAfter),
    ]),
  ]));
}

async function readBackups(
  { central }: OpenLedger,
  clinicId: string,
): Promise<BackupRow[]> {
  return await central.read<BackupRow>(sql`
    select id, reason, bytes::text, key_id as "keyId",
      schema_version as "schemaVersion", created_at as "createdAt",
      delete_after as "deleteAfter", deleted_at as "deletedAt"
    from clinic_backups where clinic_id = ${clinicId} order by id desc`);
}

async function restore(
  slug: string,
  backup: string,
  lost: boolean,
  operator: () => Promise<Operator>,
): Promise<void> {
  if (!isUuid(backup)) {
    throw new ArgumentError(
      "the backup must be a UUID; see: cloison clinic backups",
    );
  }
  const opened = await operator();
  await using ledger = openLedger(opened);
  const clinic = await readClinic(ledger, slug);
  const { backups, folder, programs } = await openBackupPlace(opened);
  const migrations = await migrationsOf("clinic");
  try {
    await withDatabase(
      opened.login,
      CENTRAL_DATABASE,
      (central) =>
        restoreClinic(central, clinic.id as ClinicId, backup, {
          login: opened.login,
          keys: new LocalKeyProvider(opened.keys),
          migrations,
          backups,
          programs,
          tempFile: () => Deno.makeTempFile({ dir: folder }),
          lost,
        }),
    );
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new AppError("conflict", error.message, { cause: error });
  }
  say(
    `${clinic.slug} is restored and suspended; to open it: cloison clinic resume ${clinic.slug}`,
  );
}
