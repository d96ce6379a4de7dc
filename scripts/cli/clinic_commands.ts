import type { Command } from "commander";
import { addBackupCommands } from "./backup_commands.ts";
import { readClinic, readClinics } from "./clinic_rows.ts";
import { addCloseCommand } from "./close_command.ts";
import { addCreateCommand } from "./create_command.ts";
import { addExportCommand } from "./export_command.ts";
import { examples } from "./help.ts";
import { requireSuccess } from "./operation_failed.ts";
import type { Operator } from "./operator.ts";
import { ofClinic } from "./refusals.ts";
import { openLedger, runHere } from "./run_operation.ts";
import { instant } from "./show_operation.ts";
import { table } from "./table.ts";
import { say } from "./terminal.ts";

/** `cloison clinic …` */
export function addClinicCommands(
  program: Command,
  operator: () => Promise<Operator>,
): void {
  const clinic = program.command("clinic")
    .description("Clinics")
    .addHelpText(
      "after",
      `${
        examples(
          'cloison clinic create --name "Clinique Lyon" --email lyon@clinic.fr',
          "cloison clinic show clinique-lyon",
          "cloison clinic suspend clinique-lyon",
          "cloison clinic close clinique-lyon --dates",
          "cloison clinic list --json",
        )
      }

Exit codes: 0 it was done; 1 it was not, and one line says why; 2 what was typed is wrong.`,
    );

  addCreateCommand(clinic, operator);

  clinic.command("list")
    .description("List the clinics of the registry")
    .option("--all", "also those that are closed", false)
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      examples(
        "cloison clinic list",
        "cloison clinic list --all --json | jq -r '.[].slug'",
      ),
    )
    .action((options: ListOptions) => list(options, operator));

  clinic.command("show")
    .description("Show a clinic, and what was done with it")
    .argument("<slug>", "its short name")
    .option("--json", "print JSON", false)
    .addHelpText("after", examples("cloison clinic show clinique-lyon"))
    .action((slug: string, options: Json) => show(slug, options, operator));

  for (const [kind, description, done] of CHANGES) {
    clinic.command(kind)
      .description(description)
      .argument("<slug>", "its short name")
      .option("--json", "print JSON", false)
      .addHelpText("after", examples(`cloison clinic ${kind} clinique-lyon`))
      .action((slug: string, options: Json) =>
        change(kind, done, slug, options, operator)
      );
  }
  addCloseCommand(clinic, operator);
  addBackupCommands(clinic, operator);
  addExportCommand(clinic, operator);
}

const CHANGES = [
  [
    "suspend",
    "Let nobody work in a clinic; its data stay as they are",
    "is suspended",
  ],
  [
    "resume",
    "Let people work in a clinic again; calls a closing off",
    "is open again",
  ],
  [
    "rotate",
    "Give a clinic a new database password, token key and data key, while people work",
    "has new secrets",
  ],
] as const;

interface Json {
  readonly json: boolean;
}

interface ListOptions extends Json {
  readonly all: boolean;
}

async function list(
  { json, all }: ListOptions,
  operator: () => Promise<Operator>,
): Promise<void> {
  await using ledger = openLedger(await operator());
  const rows = await readClinics(ledger, { all });
  if (json) return say(JSON.stringify(rows, null, 2));
  say(table([
    ["Short name", "State", "Schema", "Cell", "Name"],
    ...rows.map((row) => [
      row.slug,
      row.state,
      String(row.schemaVersion),
      row.cell,
      row.name,
    ]),
  ], { shorten: [NAME_COLUMN] }));
}

/** Identifies nothing. */
const NAME_COLUMN = 4;
const SHOWN_OPERATIONS = 5;

async function show(
  slug: string,
  { json }: Json,
  operator: () => Promise<Operator>,
): Promise<void> {
  await using ledger = openLedger(await operator());
  const clinic = await readClinic(ledger, slug);
  const operations = await ledger.operations.list(
    { clinicId: clinic.id },
    { limit: SHOWN_OPERATIONS },
  );
  if (json) return say(JSON.stringify({ ...clinic, operations }, null, 2));
  say(table([
    ["Clinic", clinic.name],
    ["Short name", clinic.slug],
    ["Id", clinic.id],
    ["State", clinic.state],
    ["Cell", clinic.cell],
    ["Database", clinic.database],
    ["Schema", String(clinic.schemaVersion)],
    ["E-mail", clinic.email],
    ["Telephone", clinic.phone ?? "-"],
    ["Made", instant(clinic.createdAt)],
    ...(clinic.purgeAt === null || clinic.closedAt !== null
      ? []
      : [["Data removed", instant(clinic.purgeAt)]]),
    ...(clinic.closedAt === null ? [] : [["Closed", instant(clinic.closedAt)]]),
    ...(clinic.backupsDeletedAt === null
      ? []
      : [["Backups removed", instant(clinic.backupsDeletedAt)]]),
  ]));
  if (operations.length === 0) return;
  say();
  say(table([
    ["Operation", "Kind", "State", "Asked for"],
    ...operations.map(({ id, kind, state, createdAt }) => [
      id,
      kind,
      state,
      instant(createdAt),
    ]),
  ]));
}

async function change(
  kind: typeof CHANGES[number][0],
  done: string,
  slug: string,
  { json }: Json,
  operator: () => Promise<Operator>,
): Promise<void> {
  const opened = await operator();
  await using ledger = openLedger(opened);
  const clinic = await readClinic(ledger, slug);
  const over = await runHere(
    opened,
    ledger,
    { kind, clinicId: clinic.id, input: {} },
    { quiet: json },
  ).catch((error) => {
    throw ofClinic(error, kind, clinic.slug);
  });
  requireSuccess(over);
  say(json ? JSON.stringify(over, null, 2) : `${clinic.slug} ${done}`);
}
