import { type Command, Option } from "commander";
import { platformLine } from "../../src/audit/platform_line.ts";
import type { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import { AppError } from "../../src/kernel/errors.ts";
import {
  CELL_STATES,
  type CellChanges,
  type CellState,
  findCellByName,
  MAX_BACKENDS,
  MAX_READY,
  updateCell,
} from "../../src/platform/cells/queries.ts";
import { CELL_NAME } from "../../src/tenancy/cell_name.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { requireRoom } from "../../src/tenancy/provisioning/central.ts";
import { ArgumentError } from "./arguments.ts";
import { examples } from "./help.ts";
import { count } from "./options.ts";
import type { Operator } from "./operator.ts";
import { say } from "./terminal.ts";

interface ChangeOptions {
  readonly state?: CellState;
  readonly maxBackends?: number;
  readonly keepReady?: number;
}

/** `cloison cell change` and `cloison cell stock` */
export function addCellChangeCommands(
  cell: Command,
  operator: () => Promise<Operator>,
): void {
  cell.command("change")
    .description("Change what a cell takes; where it is, `cell add` says again")
    .argument("<name>", "of the cell")
    .addOption(
      new Option("--state <state>", "whether it takes new clinics")
        .choices(CELL_STATES),
    )
    .option(
      "--max-backends <n>",
      "of all clinics together",
      count(1, MAX_BACKENDS, "--max-backends"),
    )
    .option(
      "--keep-ready <n>",
      "databases made beforehand, 0 to 1000",
      count(0, MAX_READY, "--keep-ready"),
    )
    .addHelpText(
      "after",
      examples(
        "cloison cell change paris-1 --state full",
        "cloison cell change paris-1 --max-backends 200 --keep-ready 5",
      ),
    )
    .action(async (name: string, { ...changes }: ChangeOptions) => {
      requireName(name);
      if (Object.keys(changes).length === 0) {
        throw new ArgumentError(
          "--state, --max-backends or --keep-ready is missing",
        );
      }
      await changeCell(await operator(), name, changes);
      say(`Cell ${name} is changed`);
    });

  cell.command("stock")
    .description("Say how many databases a cell keeps ready for new clinics")
    .argument("<name>", "of the cell")
    .argument("<n>", "0 to 1000", count(0, MAX_READY, "<n>"))
    .addHelpText("after", examples("cloison cell stock paris-1 10"))
    .action(async (name: string, keepReady: number) => {
      requireName(name);
      await changeCell(await operator(), name, { keepReady });
      say(`Cell ${name} keeps ${keepReady} databases ready`);
    });
}

/** @throws {AppError} `not-found` @throws {Error} when its server has no room for so many backends */
export async function changeCell(
  { login }: Operator,
  name: string,
  changes: CellChanges,
): Promise<void> {
  const { maxBackends } = changes;
  await withDatabase(login, CENTRAL_DATABASE, async (central) => {
    if (maxBackends !== undefined) {
      const postgres = await serverOf(central, name);
      if (postgres) await requireRoom(central, login, postgres, maxBackends);
    }
    await central.transaction("read write", async (run) => {
      const cell = await findCellByName(run, name);
      if (!cell) throw noSuchCell(name);
      await updateCell(run, cell.id, { any: true }, changes);
      const changedFields = Object.keys(changes).sort();
      const event = { entityId: cell.id, changedFields };
      await run.rows(
        platformLine(undefined, {}, { action: "cell.change", ...event }),
      );
    });
  });
}

async function serverOf(
  central: Connection,
  name: string,
): Promise<{ host: string; port: number } | undefined> {
  const [row] = await central.rows<{ host: string; port: number }>(sql`
    select postgres_host as host, postgres_port as port
    from cells where name = ${name}`);
  return row;
}

function requireName(name: string): void {
  if (CELL_NAME.test(name)) return;
  throw new ArgumentError("this is no name of a cell");
}

function noSuchCell(name: string): AppError {
  return new AppError(
    "not-found",
    `There is no cell ${name}; to see those that there are: cloison cell list`,
  );
}
