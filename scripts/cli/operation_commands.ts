import { type Command, Option } from "commander";
import { AppError } from "../../src/kernel/errors.ts";
import { isUuid } from "../../src/kernel/ids.ts";
import {
  type Operation,
  OPERATION_KINDS,
  OPERATION_STATES,
  type OperationKind,
  type OperationState,
} from "../../src/tenancy/operations/operation.ts";
import { ArgumentError } from "./arguments.ts";
import { readClinic, readSlugs } from "./clinic_rows.ts";
import { examples } from "./help.ts";
import { count } from "./options.ts";
import type { Operator } from "./operator.ts";
import { changeLedger, type OpenLedger, openLedger } from "./run_operation.ts";
import { showOperation, showOperations } from "./show_operation.ts";
import { say } from "./terminal.ts";

interface Json {
  readonly json: boolean;
}

interface ListOptions extends Json {
  readonly clinic?: string;
  readonly kind?: OperationKind;
  readonly state?: OperationState;
  readonly limit: number;
}

const SOME_ID = "01a2099c-d846-734b-8f83-b707f314fe1a";

/** `cloison operations …` */
export function addOperationCommands(
  program: Command,
  operator: () => Promise<Operator>,
): void {
  const operations = program.command("operations")
    .description("What was asked for, how far it is, how it ended")
    .addHelpText(
      "after",
      examples(
        "cloison operations list --state failed",
        `cloison operations show ${SOME_ID}`,
        `cloison operations retry ${SOME_ID}`,
      ),
    );

  operations.command("list")
    .description("List operations, the newest first")
    .option("--clinic <slug>", "on this clinic")
    .addOption(
      new Option("--kind <kind>", "of this kind").choices(OPERATION_KINDS),
    )
    .addOption(
      new Option("--state <state>", "in this state").choices(OPERATION_STATES),
    )
    .option(
      "--limit <n>",
      "at most so many, 1 to 1000",
      count(1, 1_000, "--limit"),
      20,
    )
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      examples(
        "cloison operations list --state failed",
        "cloison operations list --clinic clinique-lyon --kind rotate --json",
      ),
    )
    .action((options: ListOptions) => list(options, operator));

  ofOne(operations, "show")
    .description("Show an operation and its steps")
    .action((id: string, { json }: Json) =>
      withOne(id, operator, async (ledger, operation) => {
        await show(ledger, operation, json);
      })
    );

  ofOne(operations, "retry")
    .description("Let an operation that failed go on where it stopped")
    .action((id: string, { json }: Json) =>
      withOne(id, operator, async (ledger, operation) => {
        await show(ledger, await change("retry", ledger, operation), json);
      })
    );

  ofOne(operations, "cancel")
    .description(
      "Take an operation back that was not begun, or undo half a new clinic",
    )
    .action((id: string, { json }: Json) =>
      withOne(id, operator, async (ledger, operation) => {
        await show(ledger, await change("cancel", ledger, operation), json);
      })
    );
}

function ofOne(operations: Command, name: string): Command {
  return operations.command(name)
    .argument("<id>", "its id")
    .option("--json", "print JSON", false)
    .addHelpText("after", examples(`cloison operations ${name} ${SOME_ID}`));
}

async function list(
  { clinic, kind, state, limit, json }: ListOptions,
  operator: () => Promise<Operator>,
): Promise<void> {
  await using ledger = openLedger(await operator());
  const clinicId = clinic === undefined
    ? undefined
    : (await readClinic(ledger, clinic)).id;
  const found = await ledger.operations.list(
    { clinicId, kind, states: state && [state] },
    { limit },
  );
  if (json) return say(JSON.stringify(found, null, 2));
  showOperations(found, await readSlugs(ledger, found));
}

async function withOne(
  id: string,
  operator: () => Promise<Operator>,
  fn: (ledger: OpenLedger, operation: Operation) => Promise<void>,
): Promise<void> {
  if (!isUuid(id)) {
    throw new ArgumentError(
      "the id must be a UUID; to see those that there are: cloison operations list",
    );
  }
  await using ledger = openLedger(await operator());
  const operation = await ledger.operations.get(id);
  if (operation) return await fn(ledger, operation);
  throw new AppError(
    "not-found",
    `There is no operation ${id}; to see those that there are: cloison operations list`,
  );
}

/** @throws {AppError} that says which operation, how far it is, and what to type next */
async function change(
  what: "cancel" | "retry",
  ledger: OpenLedger,
  { id, kind, state }: Operation,
): Promise<Operation> {
  try {
    return await changeLedger(
      ledger,
      `operation.${what}`,
      (operations) => operations[what](id),
    );
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const why = error.message.charAt(0).toLowerCase() + error.message.slice(1);
    throw new AppError(
      error.code,
      `Cannot ${what} ${kind} ${id}, which is ${state}: ${why}; see: cloison operations show ${id}`,
    );
  }
}

async function show(
  ledger: OpenLedger,
  operation: Operation,
  json: boolean,
): Promise<void> {
  if (json) return say(JSON.stringify(operation, null, 2));
  showOperation(operation, await readSlugs(ledger, [operation]));
}
