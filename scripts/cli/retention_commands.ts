import { type Command, Option } from "commander";
import { PLATFORM_CHAIN } from "../../src/audit/chain.ts";
import { AUDIT_KEEP_MONTHS, dueLines } from "../../src/audit/trail_months.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { AppError } from "../../src/kernel/errors.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import {
  type Category,
  GROUNDS,
  type PlatformCategory,
} from "../../src/tenancy/retention/categories.ts";
import { dueInClinic } from "../../src/tenancy/retention/clinic_retention.ts";
import { dueOnPlatform } from "../../src/tenancy/retention/platform_retention.ts";
import { type ClinicRow, readClinic, readClinics } from "./clinic_rows.ts";
import { count } from "./options.ts";
import type { Operator } from "./operator.ts";
import { changeLedger, type OpenLedger, openLedger } from "./run_operation.ts";
import { table } from "./table.ts";
import { say } from "./terminal.ts";

const HELP = `
What has been kept as long as it has to be, by clinic and category, with the ground. Without --dry-run, an operation is
recorded for each clinic that has any, and its worker removes it, with a line on the trail for each patient. Files under
a legal hold are never due. Months of the trail and what the platform itself has go with the worker's housekeeping,
backups by the operation that waits for their date: these are shown and not asked for.

What the database cannot tell: visits that were never written into it, that a child's birth date is wrong or missing
(then 28 years are taken), and business years that are not the calendar's.

Exit codes:
  0  shown, or asked for
  1  a clinic could not be asked; the others were
  2  what was typed is wrong

Examples:
  cloison retention run --dry-run
  cloison retention run --clinic lyon --json`;

interface RunOptions {
  readonly dryRun: boolean;
  readonly clinic?: string;
  readonly auditMonths: number;
  readonly json: boolean;
}

/** One thing that is due. */
interface DueRow {
  /** Short name; null for what is the platform's. */
  readonly clinic: string | null;
  readonly category: Category | PlatformCategory;
  readonly due: number;
  readonly since: string | null;
  readonly ground: string;
}

interface Outcome {
  readonly due: readonly DueRow[];
  readonly operations: readonly {
    readonly clinic: string;
    readonly id: string;
  }[];
  /** Clinics that could not be asked, or whose turn it is not. */
  readonly failed: readonly {
    readonly clinic: string;
    readonly reason: string;
  }[];
}

/** `cloison retention run` */
export function addRetentionCommands(
  program: Command,
  operator: () => Promise<Operator>,
): void {
  program.command("retention")
    .description("Remove what has been kept long enough")
    .command("run")
    .description("Show what is due, and have it removed")
    .option("--dry-run", "show it and change nothing", false)
    .option("--clinic <slug>", "of this clinic alone")
    .addOption(
      new Option(
        "--audit-months <n>",
        "for how long the trail is kept; as the worker is told",
      ).env("CLOISON_AUDIT_KEEP_MONTHS").default(AUDIT_KEEP_MONTHS)
        .argParser(count(6, 1_200, "--audit-months")),
    )
    .option("--json", "print JSON", false)
    .addHelpText("after", HELP)
    .action((options: RunOptions) => run(options, operator));
}

async function run(
  options: RunOptions,
  open: () => Promise<Operator>,
): Promise<void> {
  const operator = await open();
  await using ledger = openLedger(operator);
  const clinics = options.clinic === undefined
    ? await readClinics(ledger)
    : [await readClinic(ledger, options.clinic)];
  const due = await dueCentrally(operator, options, clinics);
  const operations = [];
  const failed = [];
  for (const { id, slug, database, state } of clinics) {
    try {
      if (state !== "active" && state !== "suspended") continue;
      const found = await dueInClinic(
        operator.login,
        database,
        options.auditMonths,
      );
      const rows = found.filter(({ due }) => due > 0).map((row) => ({
        clinic: slug,
        ...row,
        ground: GROUNDS[row.category],
      }));
      due.push(...rows);
      if (rows.length === 0 || options.dryRun) continue;
      operations.push({ clinic: slug, id: await ask(ledger, id) });
    } catch (error) {
      failed.push({ clinic: slug, reason: reasonOf(error) });
    }
  }
  const outcome: Outcome = { due, operations, failed };
  if (options.json) say(JSON.stringify(outcome, null, 2));
  else show(outcome, options.dryRun);
  if (failed.length === 0) return;
  throw new Error(
    `${failed.length} of ${clinics.length} clinics could not be asked: ${
      failed.map(({ clinic }) => clinic).join(", ")
    }`,
  );
}

/** What is the trail's of each clinic, and of no clinic. */
async function dueCentrally(
  { login }: Operator,
  { clinic, auditMonths }: RunOptions,
  clinics: readonly ClinicRow[],
): Promise<DueRow[]> {
  const names = new Map(clinics.map(({ id, slug }) => [id, slug]));
  return await withDatabase(login, CENTRAL_DATABASE, async (central) => {
    const rows: DueRow[] = [];
    for (const line of await dueLines(central, auditMonths)) {
      const name = names.get(line.chain);
      if (clinic !== undefined && name === undefined) continue;
      const other = line.chain === PLATFORM_CHAIN ? null : line.chain;
      rows.push({
        clinic: name ?? other,
        category: "trail",
        due: line.lines,
        since: line.dueBefore.slice(0, 10),
        ground: GROUNDS.trail,
      });
    }
    if (clinic !== undefined) return rows;
    for (const row of await dueOnPlatform(central)) {
      if (row.due === 0) continue;
      rows.push({ clinic: null, ...row, ground: GROUNDS[row.category] });
    }
    return rows;
  });
}

async function ask(ledger: OpenLedger, clinicId: string): Promise<string> {
  const { id } = await changeLedger(
    ledger,
    "clinic.request-retention",
    (operations) =>
      operations.request({
        kind: "retention",
        clinicId,
        input: {},
        requestedBy: null,
      }),
  );
  return id;
}

function reasonOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  if (error instanceof DatabaseError) {
    // The function is not there: its schema is of before.
    if (error.sqlState === "42883") return "its schema is behind";
    return error.message;
  }
  throw error;
}

function show({ due, operations, failed }: Outcome, dry: boolean): void {
  if (due.length === 0) say("Nothing is due");
  else {
    say(table([
      ["Clinic", "What", "Due", "Since", "Kept for"],
      ...due.map((row) => [
        row.clinic ?? "(platform)",
        row.category,
        String(row.due),
        row.since ?? "-",
        row.ground,
      ]),
    ]));
  }
  for (const { clinic, id } of operations) {
    say(`${clinic}: operation ${id} was asked for`);
  }
  for (const { clinic, reason } of failed) say(`${clinic}: ${reason}`);
  if (dry && due.length > 0) say("Nothing was removed");
}
