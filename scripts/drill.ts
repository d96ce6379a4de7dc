import { Command, InvalidArgumentError } from "commander";
import { table } from "./cli/table.ts";
import { complain, explain, say } from "./cli/terminal.ts";
import { devPaths } from "./dev/paths.ts";
import { devTarget } from "./drill/dev_target.ts";
import { fileName, toHtml } from "./drill/html.ts";
import { Progress } from "./drill/progress.ts";
import { type DrillReport, passes, signReport } from "./drill/report.ts";
import { runDrill } from "./drill/run_drill.ts";
import type { DrillTarget } from "./drill/target.ts";
import { verifyFile } from "./drill/verify.ts";
import { readVersions } from "./drill/versions.ts";

const DEFAULT_CLINICS = "10";

interface Options {
  readonly clinics: number | "all";
  readonly verify?: string;
  readonly key?: string;
}

/** Plays every row of the leak table; see `deno task drill --help`. @returns the exit code */
async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  const paths = devPaths((name) => Deno.env.get(name));
  const folder = paths.devFile.replace(/[^/]*$/, "drill");
  const keyFile = `${folder}/signing.key`;
  if (options.verify !== undefined) {
    const { key } = options;
    const { good, said } = await verifyFile(options.verify, {
      keyFile,
      ...(key === undefined ? {} : { key }),
    });
    for (const line of said) (good ? say : complain)(line);
    return good ? 0 : 1;
  }
  const target = await devTarget(paths);
  const report = await play(target, options.clinics);
  say(table([
    ["Leaked", "What it opened", "Expected", "Verdict"],
    ...report.rows.map((row) => [
      row.leaked,
      row.opened,
      row.expected,
      row.verdict.toUpperCase(),
    ]),
  ]));
  for (const { leaked, findings } of report.rows) {
    for (const finding of findings) complain(`  ${leaked}: ${finding}`);
  }
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const signed = await signReport(report, keyFile);
  const file = `${folder}/${fileName(report)}`;
  await Deno.writeTextFile(`${file}.json`, JSON.stringify(signed, null, 2));
  await Deno.writeTextFile(`${file}.html`, toHtml(signed));
  const attempts = report.rows.reduce((sum, row) => sum + row.attempts, 0);
  say(
    `\n${
      report.passed ? "Held" : "NOT HELD"
    }: ${attempts} attempts against ${report.clinics.played} clinics in ${report.seconds} s`,
  );
  say(
    `Report: ${file}.html and .json, signed with ${signed.signature.publicKey}`,
  );
  return report.passed ? 0 : 1;
}

async function play(
  target: DrillTarget,
  clinics: Options["clinics"],
): Promise<DrillReport> {
  const started = performance.now();
  const versions = await readVersions(target);
  using progress = new Progress();
  const outcome = await runDrill(target, {
    clinics,
    onProgress: (what) => progress.show(what),
  });
  return {
    product: "Cloison",
    date: new Date().toISOString(),
    seconds: Math.round((performance.now() - started) / 100) / 10,
    api: target.api,
    versions,
    passed: passes(outcome.rows),
    ...outcome,
  };
}

function readOptions(args: string[]): Options {
  const command = new Command("deno task drill")
    .description(
      "Play every leak on the running dev stack, with the real artefacts in hand, and show what each one opens",
    )
    .option(
      "--clinics <count>",
      "how many clinics play, at least 2; or: all",
      readClinics,
      readClinics(DEFAULT_CLINICS),
    )
    .option(
      "--verify <file>",
      "check a report (JSON), and the page beside it, instead",
    )
    .option(
      "--key <base64>",
      "the public key that it must be signed with; that of this stack unless given",
    )
    .allowExcessArguments(false)
    .parse(args, { from: "user" });
  return command.opts<Options>();
}

function readClinics(text: string): number | "all" {
  if (text === "all") return text;
  if (/^\d{1,4}$/.test(text) && Number(text) >= 2) return Number(text);
  throw new InvalidArgumentError("give a number from 2 on, or all");
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    complain(explain(error));
    Deno.exit(1);
  }
}
