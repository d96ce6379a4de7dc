import type { Command } from "commander";
import {
  type ClosingPlan,
  planClosing,
} from "../../src/tenancy/operations/confirmations.ts";
import { ArgumentError } from "./arguments.ts";
import { readClinic } from "./clinic_rows.ts";
import { requireSuccess } from "./operation_failed.ts";
import { count } from "./options.ts";
import { examples } from "./help.ts";
import { ofClinic } from "./refusals.ts";
import type { Operator } from "./operator.ts";
import { openLedger, runHere } from "./run_operation.ts";
import { instant } from "./show_operation.ts";
import { table } from "./table.ts";
import { complain, say, write } from "./terminal.ts";

interface CloseOptions {
  readonly dates: boolean;
  readonly confirm?: string;
  readonly graceDays?: number;
  readonly json: boolean;
}

/** `cloison clinic close …` */
export function addCloseCommand(
  clinic: Command,
  operator: () => Promise<Operator>,
): void {
  clinic.command("close")
    .description(
      "Close a clinic: nobody can work in it from now on; at a date that is shown first its data are removed",
    )
    .argument("<slug>", "its short name")
    .option("--dates", "show what would happen when, and do nothing", false)
    .option("--confirm <name>", "the clinic's whole name, typed")
    .option(
      "--grace-days <n>",
      "days until its data are removed; those of its cell's worker unless given",
      count(0, 3_650, "--grace-days"),
    )
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      `
Until its data are removed, "cloison clinic resume" opens the clinic again as it was.
${
        examples(
          "cloison clinic close clinique-lyon --dates",
          'cloison clinic close clinique-lyon --confirm "Clinique Lyon"',
          "cloison clinic resume clinique-lyon",
        )
      }`,
    )
    .action((slug: string, options: CloseOptions) =>
      close(slug, options, operator)
    );
}

async function close(
  slug: string,
  { dates, confirm, json, graceDays }: CloseOptions,
  operator: () => Promise<Operator>,
): Promise<void> {
  const opened = await operator();
  await using ledger = openLedger(opened);
  const clinic = await readClinic(ledger, slug);
  const plan = await planClosing(ledger.central, clinic.id, graceDays);
  if (dates) {
    return say(json ? JSON.stringify(plan, null, 2) : describe(plan));
  }
  if (!json) complain(`${describe(plan)}\n`);
  const typed = confirm ?? ask(plan.name);
  if (typed.normalize("NFC").trim() !== plan.name) {
    throw new ArgumentError(
      `this is not the name of ${clinic.slug}; nothing was done. Give the whole name with --confirm`,
    );
  }
  const done = requireSuccess(
    await runHere(
      opened,
      ledger,
      {
        kind: "close",
        clinicId: clinic.id,
        input: { graceDays: plan.graceDays, backupDays: plan.backupDays },
      },
      { quiet: json },
    ).catch((error) => {
      throw ofClinic(error, "close", clinic.slug);
    }),
  );
  say(
    json
      ? JSON.stringify(done, null, 2)
      : `${clinic.slug} is closed; its data are removed on ${
        instant(String(done.result?.purgeAt))
      }`,
  );
}

function describe(plan: ClosingPlan): string {
  return table([
    ["Clinic", plan.name],
    ["Nobody can work in it from", instant(plan.closesAt)],
    ["It can be opened again until", instant(plan.purgeAt)],
    ["Last backup, then database and keys are removed", instant(plan.purgeAt)],
    ["The backups are removed", instant(plan.backupsDeletedAt)],
  ]);
}

/** On a terminal the name can be typed now. */
function ask(name: string): string {
  if (!Deno.stdin.isTerminal()) {
    throw new ArgumentError(
      "--confirm is missing: the clinic's whole name, as it stands above",
    );
  }
  write(Deno.stderr, `To close it, type its name (${name}): `);
  const line = new Uint8Array(4_096);
  const read = Deno.stdin.readSync(line) ?? 0;
  return new TextDecoder().decode(line.subarray(0, read));
}
