import { type Command, Option } from "commander";
import { type Migration, readMigrations } from "../../src/db/migrations.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { DEFAULT_LIMITS } from "../../src/tenancy/fleet/clinic_migration.ts";
import { migrateFleet } from "../../src/tenancy/fleet/fleet_migration.ts";
import { FleetError, planFleet } from "../../src/tenancy/fleet/fleet_plan.ts";
import { schemaInspector } from "../../src/tenancy/fleet/schema_drift.ts";
import { MINIMUM_CLINIC_SCHEMA } from "../../src/tenancy/fleet/supported_schema.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { migrateCentral } from "../../src/tenancy/provisioning/central.ts";
import { migrationsOf } from "../dev/central.ts";
import { stopSignal } from "../dev/stop_signal.ts";
import { ArgumentError } from "./arguments.ts";
import { addDriftCommands } from "./drift_commands.ts";
import { examples } from "./help.ts";
import type { Operator } from "./operator.ts";
import {
  count,
  type FailureLimit,
  readFailureLimit,
  readSlugs,
} from "./options.ts";
import { openProgress } from "./progress.ts";
import { lineOf, showPlan, showReport } from "./show_migration.ts";
import { say } from "./terminal.ts";

const HELP = `
Clinics that are behind are migrated a few at a time. How far each one is stands in the central database: when the
command is ended or killed, the next one goes on where it stopped. What was applied is never rolled back.

Exit codes:
  0  every clinic is up to date
  1  a clinic failed, the run was halted or interrupted, or it could not begin; standard error names each clinic
  2  what was typed is wrong; nothing was done

Examples:
  cloison migrate --dry-run
  cloison migrate --canary 5 --max-failures 1%
  cloison migrate --only lyon,paris-nord --lock-timeout 5000`;

interface MigrateOptions {
  readonly dryRun: boolean;
  readonly parallel: number;
  readonly canary: number;
  readonly maxFailures: FailureLimit;
  readonly only?: readonly string[];
  readonly lockTimeout: number;
  readonly statementTimeout: number;
  readonly attempts: number;
  readonly migrations?: string;
  readonly json: boolean;
}

/** `cloison migrate …`, and `cloison drift`, which looks at what came of it. */
export function addMigrateCommands(
  program: Command,
  operator: () => Promise<Operator>,
): void {
  const migrate = program.command("migrate")
    .description("Bring the databases of all clinics of the cell up to date")
    .option("--dry-run", "show what would be done, and change nothing", false)
    .option(
      "--parallel <n>",
      "clinics at a time, 1 to 64",
      count(1, 64, "--parallel"),
      4,
    )
    .option(
      "--canary <n>",
      "so many clinics first, the youngest; the others only if these are as their template afterwards",
      count(0, 10_000, "--canary"),
      0,
    )
    .addOption(
      new Option(
        "--max-failures <n>",
        "clinics, or with % their share, that may fail before no other is begun",
      ).argParser(readFailureLimit).default(readFailureLimit("5%"), "5%"),
    )
    .option(
      "--only <slugs>",
      "short names, separated by commas",
      readSlugs,
    )
    .option(
      "--lock-timeout <ms>",
      "how long a file may wait for a lock",
      count(1, 600_000, "--lock-timeout"),
      DEFAULT_LIMITS.lockMs,
    )
    .option(
      "--statement-timeout <ms>",
      "how long a statement may take",
      count(1, 86_400_000, "--statement-timeout"),
      DEFAULT_LIMITS.statementMs,
    )
    .option(
      "--attempts <n>",
      "how often to try where others were in the way",
      count(1, 100, "--attempts"),
      DEFAULT_LIMITS.attempts,
    )
    .option("--migrations <folder>", "other files than this program's own")
    .option("--json", "print JSON", false)
    .addHelpText("after", HELP)
    .action((options: MigrateOptions) => migrateClinics(options, operator));

  addDriftCommands(program, operator);
  migrate.command("central")
    .description("Bring the central database up to date")
    .addHelpText("after", examples("cloison migrate central"))
    .action(async () => {
      const { login } = await operator();
      const migrations = await migrationsOf("central");
      const applied = await migrateCentral(login, migrations);
      for (const { number, name } of applied) say(`Applied ${number} ${name}`);
      if (applied.length === 0) say("The central database is up to date");
    });
}

async function migrateClinics(
  options: MigrateOptions,
  operator: () => Promise<Operator>,
): Promise<void> {
  const { login, cell, console } = await operator();
  const migrations = await filesOf(options.migrations);
  const choice = { cell, only: options.only ?? null };
  try {
    if (options.dryRun) {
      const plan = await withDatabase(
        login,
        CENTRAL_DATABASE,
        (central) => planFleet(central, choice, migrations.length),
      );
      return showPlan(plan, migrations, options.json);
    }
    // The ledger is in the central database, and the central database is part of every release.
    await migrateCentral(login, await migrationsOf("central"));
    const progress = openProgress({ quiet: options.json });
    const report = await migrateFleet({
      ...choice,
      login,
      console,
      migrations,
      oldestCode: Math.min(MINIMUM_CLINIC_SCHEMA, migrations.length),
      parallel: options.parallel,
      canary: options.canary,
      mayFail: options.maxFailures,
      limits: {
        ...DEFAULT_LIMITS,
        lockMs: options.lockTimeout,
        statementMs: options.statementTimeout,
        attempts: options.attempts,
      },
      newId: uuidv7,
      inspect: schemaInspector(login, migrations),
      signal: stopSignal({ orphaned: false }),
      onProgress: (step) => progress.step({ ...step, line: lineOf(step) }),
    });
    progress.end();
    showReport(report, options.json);
  } catch (error) {
    if (error instanceof FleetError) throw new ArgumentError(error.message);
    throw error;
  }
}

async function filesOf(folder: string | undefined): Promise<Migration[]> {
  if (folder === undefined) return await migrationsOf("clinic");
  const path = await Deno.realPath(folder).catch(() => {
    throw new ArgumentError("--migrations is no folder");
  });
  return await readMigrations(new URL(`file://${path}/`));
}
