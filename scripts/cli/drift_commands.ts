import type { Command } from "commander";
import {
  describeFinding,
  type Finding,
} from "../../src/tenancy/fleet/cluster_audit.ts";
import {
  type ClinicDrift,
  type DriftReport,
  findDrift,
} from "../../src/tenancy/fleet/fleet_drift.ts";
import { FleetError } from "../../src/tenancy/fleet/fleet_plan.ts";
import { describeFailure } from "../../src/tenancy/fleet/migration_failure.ts";
import { describeDifference } from "../../src/tenancy/fleet/schema_drift.ts";
import { migrationsOf } from "../dev/central.ts";
import { ArgumentError } from "./arguments.ts";
import type { Operator } from "./operator.ts";
import { count, readSlugs } from "./options.ts";
import { openProgress } from "./progress.ts";
import { say } from "./terminal.ts";

const HELP = `
Each clinic's schema is compared with the template of the same version, thing by thing, and the registry with the
databases and roles of the cluster.

  -  the template has it, the clinic does not
  +  the clinic has it, the template does not
  ~  both have it, in different ways
  !  the registry and the cluster differ, or somebody may do what nobody should

Exit codes:
  0  no difference
  1  differences, or a clinic that could not be read
  2  what was typed is wrong

Examples:
  cloison drift
  cloison drift --only lyon --json`;

interface DriftOptions {
  readonly only?: readonly string[];
  readonly parallel: number;
  readonly json: boolean;
}

/** `cloison drift` */
export function addDriftCommands(
  program: Command,
  operator: () => Promise<Operator>,
): void {
  program.command("drift")
    .description("Find what is not as the migrations and the registry say")
    .option(
      "--only <slugs>",
      "short names, separated by commas",
      readSlugs,
    )
    .option(
      "--parallel <n>",
      "clinics at a time, 1 to 64",
      count(1, 64, "--parallel"),
      4,
    )
    .option("--json", "print JSON", false)
    .addHelpText("after", HELP)
    .action((options: DriftOptions) => drift(options, operator));
}

async function drift(
  { only, parallel, json }: DriftOptions,
  operator: () => Promise<Operator>,
): Promise<void> {
  const { login, cell } = await operator();
  // A line for each clinic that is as it should be would hide the others.
  const progress = openProgress({ quiet: json || !Deno.stderr.isTerminal() });
  let report: DriftReport;
  try {
    report = await findDrift({
      login,
      cell,
      only: only ?? null,
      parallel,
      migrations: await migrationsOf("clinic"),
      onProgress: (step) => progress.step({ ...step, line: "" }),
    });
  } catch (error) {
    if (error instanceof FleetError) throw new ArgumentError(error.message);
    throw error;
  } finally {
    progress.end();
  }
  const drifted = report.clinics.filter(isDrifted);
  if (json) say(JSON.stringify(toJson(report), null, 2));
  else showAll(drifted, report);
  const { findings, clinics } = report;
  if (drifted.length === 0 && findings.length === 0) return;
  throw new Error(
    `Drift: ${drifted.length} of ${clinics.length} clinics differ, ${findings.length} findings in the cluster`,
  );
}

function isDrifted({ differences, failure }: ClinicDrift): boolean {
  return differences.length > 0 || failure !== undefined;
}

function showAll(
  drifted: readonly ClinicDrift[],
  { clinics, findings }: DriftReport,
): void {
  for (const { clinic, differences, failure } of drifted) {
    say(clinic.slug);
    if (failure) say(`  cannot be read: ${describeFailure(failure)}`);
    for (const each of differences) say(`  ${describeDifference(each)}`);
  }
  for (const finding of findings) say(describeFinding(finding));
  if (drifted.length === 0 && findings.length === 0) {
    say(`No drift in ${clinics.length} clinics`);
  }
}

interface JsonReport {
  readonly templates: readonly {
    readonly version: number;
    readonly fingerprint: string;
  }[];
  readonly clinics: readonly unknown[];
  readonly findings: readonly Finding[];
}

function toJson({ clinics, findings, expected }: DriftReport): JsonReport {
  return {
    templates: [...expected].map(([version, fingerprint]) => ({
      version,
      fingerprint,
    })),
    clinics: clinics.map(({ clinic, fingerprint, differences, failure }) => ({
      slug: clinic.slug,
      version: clinic.version,
      fingerprint: fingerprint ?? null,
      error: failure?.code ?? null,
      differences,
    })),
    findings,
  };
}
