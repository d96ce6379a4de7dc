import type { Command } from "commander";
import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { MAX_BACKENDS, MAX_READY } from "../../src/platform/cells/queries.ts";
import { CELL_NAME } from "../../src/tenancy/cell_name.ts";
import { registerCell } from "../../src/tenancy/provisioning/central.ts";
import { ArgumentError } from "./arguments.ts";
import { addCellChangeCommands, changeCell } from "./cell_change_commands.ts";
import { examples } from "./help.ts";
import { count } from "./options.ts";
import type { Operator } from "./operator.ts";
import { openLedger } from "./run_operation.ts";
import { table } from "./table.ts";
import { say } from "./terminal.ts";

interface Json {
  readonly json: boolean;
}

interface AddOptions extends Json {
  readonly name: string;
  readonly pooler: string;
  readonly postgres: string;
  readonly maxBackends: number;
  readonly keepReady?: number;
}

interface CellRow {
  readonly name: string;
  readonly state: string;
  readonly pooler: string;
  readonly postgres: string;
  readonly maxBackends: number;
  readonly clinics: number;
  readonly keepReady: number;
  readonly ready: number;
}

const ADD_EXAMPLE =
  "cloison cell add --name paris-1 --pooler pooler.paris-1:6432 --postgres db.paris-1:5432";
const ADDRESS = /^([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?):(\d{1,5})$/i;

/** `cloison cell …` */
export function addCellCommands(
  program: Command,
  operator: () => Promise<Operator>,
): void {
  const cell = program.command("cell")
    .description("Cells: one cluster, its pooler and its key each")
    .addHelpText(
      "after",
      examples(
        "cloison cell list",
        ADD_EXAMPLE,
        "cloison cell change paris-1 --state full",
        "cloison cell stock paris-1 10",
      ),
    );

  cell.command("list")
    .description("List the cells, with their clinics and their stock")
    .option("--json", "print JSON", false)
    .addHelpText("after", examples("cloison cell list"))
    .action((options: Json) => list(options, operator));

  cell.command("add")
    .description(
      "Register a cell, or tell the registry where it is by now; its key must be this command's own",
    )
    .requiredOption("--name <text>", "1 to 31 of a-z, 0-9 and -")
    .requiredOption("--pooler <host:port>", "PgBouncer")
    .requiredOption("--postgres <host:port>", "PostgreSQL")
    .option(
      "--max-backends <n>",
      "of all clinics together",
      count(1, MAX_BACKENDS, "--max-backends"),
      150,
    )
    .option(
      "--keep-ready <n>",
      "databases made beforehand, 0 to 1000",
      count(0, MAX_READY, "--keep-ready"),
    )
    .option("--json", "print JSON", false)
    .addHelpText("after", examples(ADD_EXAMPLE))
    .action((options: AddOptions) => add(options, operator));

  addCellChangeCommands(cell, operator);
}

async function list(
  { json }: Json,
  operator: () => Promise<Operator>,
): Promise<void> {
  await using ledger = openLedger(await operator());
  const rows = await ledger.central.read<CellRow>(sql`
    select cells.name, cells.state,
      pooler_host || ':' || pooler_port as pooler,
      postgres_host || ':' || postgres_port as postgres,
      max_backends as "maxBackends", keep_ready as "keepReady",
      (select count(*)::integer from clinics
        where cell_id = cells.id and clinics.state <> 'closed') as clinics,
      (select count(*)::integer from clinic_stock as stock
        where stock.cell_id = cells.id and stock.state = 'ready') as ready
    from cells order by cells.name`);
  if (json) return say(JSON.stringify(rows, null, 2));
  say(table([
    ["Cell", "State", "Clinics", "Ready", "Backends", "Pooler", "PostgreSQL"],
    ...rows.map((row) => [
      row.name,
      row.state,
      String(row.clinics),
      `${row.ready}/${row.keepReady}`,
      String(row.maxBackends),
      row.pooler,
      row.postgres,
    ]),
  ]));
}

async function add(
  options: AddOptions,
  operator: () => Promise<Operator>,
): Promise<void> {
  const { name, json, maxBackends, keepReady } = options;
  if (!CELL_NAME.test(name)) {
    throw new ArgumentError(
      "--name must be 1 to 31 of a-z, 0-9 and -, with a letter first",
    );
  }
  const pooler = readAddress("--pooler", options.pooler);
  const postgres = readAddress("--postgres", options.postgres);
  const opened = await operator();
  const keys = new LocalKeyProvider(opened.keys);
  await registerCell(
    opened.login,
    { name, pooler, postgres, maxBackends, keys },
    uuidv7,
  );
  if (keepReady !== undefined) await changeCell(opened, name, { keepReady });
  say(json ? JSON.stringify({ name }) : `Cell ${name} is registered`);
}

function readAddress(
  option: string,
  text: string,
): { host: string; port: number } {
  const [, host, port] = ADDRESS.exec(text) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new ArgumentError(`${option} must be <host>:<port>`);
  }
  return { host, port: Number(port) };
}
