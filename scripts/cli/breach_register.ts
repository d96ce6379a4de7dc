import { type Command, Option } from "commander";
import { platformLine } from "../../src/audit/platform_line.ts";
import type { Runner } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import { isUuid, uuidv7 } from "../../src/kernel/ids.ts";
import {
  type Breach,
  BREACH_STATES,
  type BreachState,
  findBreach,
  listBreaches,
} from "../../src/platform/breaches/queries.ts";
import {
  closeBreach,
  eventsOf,
  noSuchBreach,
  notifyBreach,
  openBreach,
} from "../../src/platform/breaches/register.ts";
import { ArgumentError } from "./arguments.ts";
import { more, readInstant, readWords } from "./breach_options.ts";
import { examples } from "./help.ts";
import { showBreach, showBreaches } from "./show_breach.ts";
import { inCentral, type OpenOperator } from "./platform_key_commands.ts";
import { say } from "./terminal.ts";

interface Json {
  readonly json: boolean;
}

interface NewOptions extends Json {
  readonly description: string;
  readonly discovered?: string;
  readonly clinic?: readonly string[];
}

interface NotifyOptions extends Json {
  readonly reference: string;
  readonly at?: string;
  readonly informed?: string;
}

interface CloseOptions extends Json {
  readonly informed?: string;
  readonly notNotified?: string;
}

interface ListOptions extends Json {
  readonly state?: BreachState;
  readonly clinic?: readonly string[];
}

const EXAMPLE = "01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b";

/** `cloison breach open|list|show|notify|close` */
export function addRegisterCommands(
  breach: Command,
  operator: OpenOperator,
): void {
  breach.command("open")
    .description("Enter a breach; 72 hours are left to tell the CNIL")
    .requiredOption(
      "--description <text>",
      "what happened, in words; no patient's data",
      readWords("--description", 4_000),
    )
    .option("--discovered <instant>", "when; now unless told", readInstant)
    .option("--clinic <slug>", "a clinic that is concerned, or several", more)
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      examples(
        'cloison breach open --description "Stolen laptop, session open"',
        'cloison breach open --description "Lost key" --clinic lyon --discovered 2026-01-13T08:05:00Z',
      ),
    )
    .action((options: NewOptions) => open(options, operator));

  breach.command("list")
    .description("List the breaches, with the hours that are left")
    .addOption(
      new Option("--state <state>", "only these").choices(BREACH_STATES),
    )
    .option("--clinic <slug>", "only those that concern this clinic", more)
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      examples(
        "cloison breach list --state open",
        "cloison breach list --clinic lyon --json",
      ),
    )
    .action((options: ListOptions) => list(options, operator));

  ofOne(breach, "show")
    .description("Show a breach, with every change of its entry")
    .addHelpText("after", examples(`cloison breach show ${EXAMPLE}`))
    .action((id: string, options: Json) =>
      inCentral(operator, async (central) => {
        const found = await findBreach(central, readId(id));
        if (!found) throw noSuchBreach();
        print(found, options);
      })
    );

  ofOne(breach, "notify")
    .description("Record that the CNIL was told")
    .requiredOption(
      "--reference <text>",
      "what the CNIL calls the notification",
      readWords("--reference", 100),
    )
    .option("--at <instant>", "when; now unless told", readInstant)
    .option("--informed <instant>", "when the persons were told", readInstant)
    .addHelpText(
      "after",
      examples(
        `cloison breach notify ${EXAMPLE} --reference NOT-2026-004217`,
        `cloison breach notify ${EXAMPLE} --reference NOT-2026-004217 --at 2026-01-14T09:00:00Z`,
      ),
    )
    .action((id: string, options: NotifyOptions) => {
      const { reference: cnilReference, at: notifiedAt, informed } = options;
      const told = { cnilReference, notifiedAt, informedAt: informed };
      return change(
        id,
        "notify",
        options,
        operator,
        (run) => notifyBreach(run, id, told, null),
      );
    });

  ofOne(breach, "close")
    .description("Record that nothing is left to be done")
    .option("--informed <instant>", "when the persons were told", readInstant)
    .option(
      "--not-notified <reason>",
      "why one that is no risk for anybody was not notified",
      readWords("--not-notified", 1_000),
    )
    .addHelpText(
      "after",
      examples(
        `cloison breach close ${EXAMPLE} --informed 2026-01-14`,
        `cloison breach close ${EXAMPLE} --not-notified "The disk was sealed"`,
      ),
    )
    .action((id: string, options: CloseOptions) => {
      const { informed, notNotified } = options;
      const closing = { informedAt: informed, notNotifiedBecause: notNotified };
      return change(
        id,
        "close",
        options,
        operator,
        (run) => closeBreach(run, id, closing, null),
      );
    });
}

function ofOne(breach: Command, name: string): Command {
  return breach.command(name)
    .argument("<id>", "its id")
    .option("--json", "print JSON", false);
}

async function open(
  { description, discovered, clinic = [], json }: NewOptions,
  operator: OpenOperator,
): Promise<void> {
  const discoveredAt = discovered ?? new Date().toISOString();
  const id = uuidv7();
  await change(id, "open", { json }, operator, async (run) => {
    const clinicIds = await idsOf(run, clinic);
    const changedBy = null;
    return await openBreach(run, {
      id,
      discoveredAt,
      description,
      clinicIds,
      changedBy,
    });
  });
}

async function list(
  { state, clinic = [], json }: ListOptions,
  operator: OpenOperator,
): Promise<void> {
  await inCentral(operator, async (central) => {
    const ids = await idsOf(central, clinic);
    const all = await listBreaches(central, { state });
    const found = all.filter(({ clinicIds }) =>
      ids.length === 0 || ids.some((id) => clinicIds.includes(id))
    );
    if (json) say(JSON.stringify(found, null, 2));
    else showBreaches(found);
  });
}

/** A change and its lines of the trail are stored together. */
async function change(
  id: string,
  what: "open" | "notify" | "close",
  options: Json,
  operator: OpenOperator,
  fn: (run: Runner) => Promise<Breach>,
): Promise<void> {
  readId(id);
  await inCentral(operator, async (central) => {
    const changed = await central.transaction("read write", async (run) => {
      const breach = await fn(run);
      for (const event of eventsOf(`breach.${what}`, breach)) {
        await run.rows(platformLine(undefined, {}, event));
      }
      return breach;
    });
    print(changed, options);
  });
}

function print(breach: Breach, { json }: Json): void {
  if (json) say(JSON.stringify(breach, null, 2));
  else showBreach(breach);
}

/** @throws {ArgumentError} */
function readId(id: string): string {
  if (isUuid(id)) return id;
  throw new ArgumentError("the id must be a UUID");
}

/** @throws {ArgumentError} when there is no such clinic */
async function idsOf(
  run: Pick<Runner, "rows">,
  slugs: readonly string[],
): Promise<string[]> {
  const clinics = await run.rows<{ id: string; slug: string }>(
    sql`select id, slug from clinics where slug = any (${slugs}::text[])`,
  );
  return slugs.map((slug) => {
    const found = clinics.find((clinic) => clinic.slug === slug);
    if (found) return found.id;
    throw new ArgumentError(`There is no clinic ${JSON.stringify(slug)}`);
  });
}
