import type { Command } from "commander";
import { platformLine } from "../../src/audit/platform_line.ts";
import { isUuid } from "../../src/kernel/ids.ts";
import {
  exportStream,
  readExport,
} from "../../src/tenancy/backups/export_file.ts";
import { lineOfRow } from "../../src/tenancy/backups/export_rows.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { ArgumentError } from "./arguments.ts";
import { openBackupPlace } from "./backup_place.ts";
import { type ClinicRow, readClinic } from "./clinic_rows.ts";
import { examples } from "./help.ts";
import { openVault } from "./open_vault.ts";
import type { Operator } from "./operator.ts";
import { openLedger } from "./run_operation.ts";
import { say } from "./terminal.ts";

interface ExportOptions {
  readonly from?: string;
  readonly json: boolean;
}

/** `cloison clinic export …` */
export function addExportCommand(
  clinic: Command,
  operator: () => Promise<Operator>,
): void {
  clinic.command("export")
    .description(
      "Write all rows of a clinic into a new folder, readable without this program: for whom they belong to",
    )
    .argument("<slug>", "its short name")
    .argument("<folder>", "is made; its owner alone may read it")
    .option("--from <id>", "what was saved when the clinic's data were removed")
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      `
One file of JSON lines for each table, and manifest.json with their checksums. What is sealed in the database is in
clear; passwords, sessions and keys are not in it.
${
        examples(
          "cloison clinic export clinique-lyon /media/stick/lyon",
          "cloison clinic backups clinique-lyon",
          "cloison clinic export clinique-lyon lyon --from 01a2099c-d846-734b-8f83-b707f314fe1a",
        )
      }`,
    )
    .action((slug: string, folder: string, options: ExportOptions) =>
      exportClinic(slug, folder, options, operator)
    );
}

async function exportClinic(
  slug: string,
  folder: string,
  { from, json }: ExportOptions,
  operator: () => Promise<Operator>,
): Promise<void> {
  if (from !== undefined && !isUuid(from)) {
    throw new ArgumentError(
      `--from must be an id; to see those that there are: cloison clinic backups ${slug}`,
    );
  }
  const opened = await operator();
  await using ledger = openLedger(opened);
  const clinic = await readClinic(ledger, slug);
  if (from === undefined && clinic.closedAt !== null) {
    throw new ArgumentError(
      `${slug} is closed: say which saved export with --from; see: cloison clinic backups ${slug}`,
    );
  }
  await makeFolder(folder);
  try {
    await ledger.central.execute(platformLine(undefined, {}, {
      action: "clinic.export",
      entityId: clinic.id,
      clinicId: clinic.id,
    }));
    const rows = from === undefined
      ? await exportLive(opened, clinic, folder)
      : await unpack(opened, clinic, from, folder);
    say(
      json
        ? JSON.stringify({ folder, rows }, null, 2)
        : `${clinic.slug}: ${rows} rows are in ${folder}`,
    );
  } catch (error) {
    // Half of it would be taken for all.
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { mode: 0o700 });
  } catch (error) {
    throw new ArgumentError(
      error instanceof Deno.errors.AlreadyExists
        ? `${folder} is there already: choose another folder`
        : `${folder} cannot be made`,
    );
  }
}

async function exportLive(
  operator: Operator,
  clinic: ClinicRow,
  folder: string,
): Promise<number> {
  const vault = await openVault(operator, clinic);
  return await withDatabase(
    operator.login,
    clinic.database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      return await writeAll(exportStream(connection, vault), folder, {
        clinic,
        createdAt: new Date().toISOString(),
        schemaVersion: clinic.schemaVersion,
      });
    },
  );
}

async function unpack(
  opened: Operator,
  clinic: ClinicRow,
  id: string,
  folder: string,
): Promise<number> {
  const { backups } = await openBackupPlace(opened);
  const { header, dump } = await backups.open(clinic.id, id, "export");
  const { createdAt, schemaVersion } = header;
  return await writeAll(dump, folder, { clinic, createdAt, schemaVersion });
}

interface About {
  readonly clinic: ClinicRow;
  readonly createdAt: string;
  readonly schemaVersion: number;
}

/** @returns how many rows there are */
async function writeAll(
  content: AsyncIterable<Uint8Array>,
  folder: string,
  { clinic, createdAt, schemaVersion }: About,
): Promise<number> {
  const encoder = new TextEncoder();
  const files = new Map<string, WritableStreamDefaultWriter<Uint8Array>>();
  const open = async (name: string) => {
    const file = await Deno.open(`${folder}/${name}`, {
      write: true,
      createNew: true,
      mode: 0o600,
    });
    return file.writable.getWriter();
  };
  const tables = await readExport(content, async (table, row) => {
    const file = files.get(table) ?? await open(`${table}.jsonl`);
    files.set(table, file);
    await file.write(encoder.encode(lineOfRow(row)));
  });
  for (const file of files.values()) await file.close();
  const { id, slug, name } = clinic;
  const manifest = await open("manifest.json");
  await manifest.write(encoder.encode(`${
    JSON.stringify(
      { clinic: { id, slug, name }, createdAt, schemaVersion, tables },
      null,
      2,
    )
  }\n`));
  await manifest.close();
  return Object.values(tables).reduce((sum, { rows }) => sum + rows, 0);
}
