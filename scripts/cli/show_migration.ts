import { type Migration, migrationsHash } from "../../src/db/migrations.ts";
import type { FleetPlan } from "../../src/tenancy/fleet/fleet_plan.ts";
import type {
  FleetProgress,
  FleetReport,
} from "../../src/tenancy/fleet/fleet_report.ts";
import { describeFailure } from "../../src/tenancy/fleet/migration_failure.ts";
import { table } from "./table.ts";
import { say } from "./terminal.ts";

/** What became of one clinic. */
export function lineOf(
  step: FleetProgress,
): string {
  const { clinic, failure, version, milliseconds, done, total } = step;
  const what = failure
    ? `FAILED ${describeFailure(failure)}`
    : `${clinic.version} -> ${version}`;
  return `${done}/${total} ${clinic.slug}: ${what}, ${
    Math.round(milliseconds)
  } ms`;
}

/** What a dry run shows. */
export function showPlan(
  { behind, current, skipped }: FleetPlan,
  migrations: readonly Migration[],
  json: boolean,
): void {
  const target = migrations.length;
  const lines = behind.map(({ slug, version }) => ({
    slug,
    from: version,
    to: target,
    migrations: migrations.slice(version).map(({ name }) => name),
  }));
  if (json) {
    return say(JSON.stringify(
      {
        target,
        hash: migrationsHash(migrations),
        behind: lines,
        current: current.length,
        skipped: skipped.map(({ clinic: { slug }, reason }) => ({
          slug,
          reason,
        })),
      },
      null,
      2,
    ));
  }
  if (lines.length > 0) {
    say(table([
      ["Short name", "From", "To", "Migrations"],
      ...lines.map(({ slug, from, to, migrations }) => [
        slug,
        String(from),
        String(to),
        migrations.join(", "),
      ]),
    ]));
  }
  sayLeftAlone(skipped);
  say(`${lines.length} to migrate, ${current.length} at ${target} already`);
}

function sayLeftAlone(skipped: FleetPlan["skipped"]): void {
  for (const { clinic, reason } of skipped) {
    say(`${clinic.slug} is left alone: ${reason}`);
  }
}

/** What came of a run. @throws {Error} when not every clinic is up to date: one line that sums up */
export function showReport(report: FleetReport, json: boolean): void {
  const { failed, pending, migrated, before, resumed } = report;
  if (json) say(JSON.stringify(toJson(report), null, 2));
  else {
    sayLeftAlone(report.skipped);
    for (const { clinic, failure, attempts } of failed) {
      say(
        `${clinic.slug} failed: ${
          describeFailure(failure)
        }, ${attempts} attempts`,
      );
    }
    for (const database of report.untold) {
      say(`The pooler could not be told to replace backends of ${database}`);
    }
    say([
      `${migrated} migrated to ${report.targetVersion}`,
      ...(resumed > 0 ? [`${before} before the run was taken up again`] : []),
      `${report.current} were up to date`,
      `${(report.milliseconds / 1000).toFixed(1)} s`,
    ].join(", "));
  }
  if (report.outcome === "succeeded") return;
  const why = {
    incomplete: "Not every clinic is up to date",
    interrupted: "Interrupted; type the same again to go on",
    halted: report.haltedBy === "canary"
      ? "Halted: a canary failed"
      : "Halted: too many clinics failed",
  }[report.outcome];
  throw new Error(
    `${why}: ${failed.length} failed, ${pending.length} not begun`,
  );
}

function toJson(report: FleetReport): unknown {
  return {
    run: report.runId,
    outcome: report.outcome,
    haltedBy: report.haltedBy ?? null,
    target: report.targetVersion,
    migrated: report.migrated,
    migratedBefore: report.before,
    resumed: report.resumed,
    upToDate: report.current,
    failed: report.failed.map(({ clinic, failure, attempts }) => ({
      slug: clinic.slug,
      code: failure.code,
      sqlState: failure.state,
      migration: failure.migration,
      detail: failure.detail,
      attempts,
    })),
    pending: report.pending.map(({ slug }) => slug),
    skipped: report.skipped.map(({ clinic: { slug }, reason }) => ({
      slug,
      reason,
    })),
    poolerNotTold: report.untold,
    milliseconds: Math.round(report.milliseconds),
  };
}
