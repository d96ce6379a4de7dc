import type { Command } from "commander";
import { more, readInstant } from "./breach_options.ts";
import { queryBreach, type QueryOptions } from "./breach_query.ts";
import { addRegisterCommands } from "./breach_register.ts";
import { examples } from "./help.ts";
import type { OpenOperator } from "./platform_key_commands.ts";

const HELP = `
The register goes open -> notified -> closed. One that is no risk for anybody is closed with --not-notified and the reason.
It is kept for good, and no erasure reaches it: write no patient's data into it.
${
  examples(
    'cloison breach open --description "Stolen laptop, session open" --clinic lyon',
    "cloison breach list --state open",
    "cloison breach query --from 2026-01-12 --clinic lyon",
  )
}`;

const QUERY_HELP = `
Lines that name a patient are counted by patient. Lists and searches name none: they are counted apart, and whom they
showed is unknown, up to all files of the clinic. That you asked is on the trail of every clinic that is shown.

Instants are RFC 3339 (2026-01-12T18:00:00Z), or a day (2026-01-12), which begins at midnight UTC.

Exit codes:
  0  done, also when nothing was touched
  1  the database could not be asked
  2  what was typed is wrong

Examples:
  cloison breach query --from 2026-01-12 --address 192.0.2.0/24
  cloison breach query --clinic lyon --clinic brest --from 2026-01-12T18:00:00Z --to 2026-01-13 --csv touched.csv
  cloison breach query --from 2026-01-12 --session 01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b --json > touched.json`;

/** `cloison breach …` */
export function addBreachCommands(
  program: Command,
  operator: OpenOperator,
): void {
  const breach = program.command("breach")
    .description("Breaches: whom they touched, and the register")
    .addHelpText("after", HELP);
  breach.command("query")
    .description("Find out from the trail whom a breach touched")
    .option("--clinic <slug>", "this clinic, or several; all unless told", more)
    .requiredOption("--from <instant>", "when it may have begun", readInstant)
    .option("--to <instant>", "before this; up to now unless told", readInstant)
    .option("--actor <id>", "what was done as this member of a staff")
    .option("--session <id>", "what was done in this session")
    .option("--address <address>", "what came from an address or network")
    .option("--csv <file>", "write the patients to a new file")
    .option("--json", "print JSON, with the patients", false)
    .addHelpText("after", QUERY_HELP)
    .action((options: QueryOptions) => queryBreach(options, operator));
  addRegisterCommands(breach, operator);
}
