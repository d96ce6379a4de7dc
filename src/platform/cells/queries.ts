import type { Runner } from "../../db/connection.ts";
import { type Sql, sql } from "../../db/sql.ts";
import type { VersionCondition } from "../../http/etag.ts";
import type { PageWindow } from "../../http/pages.ts";
import {
  assignments,
  type ColumnNames,
  versionIs,
} from "../../http/row_versions.ts";

type Run = Pick<Runner, "rows">;

export const CELL_STATES = ["open", "full", "closed"] as const;

export type CellState = typeof CELL_STATES[number];

export const MAX_BACKENDS = 100_000;
export const MAX_READY = 1_000;

export interface CellRow {
  readonly id: string;
  readonly name: string;
  readonly state: CellState;
  readonly max_backends: number;
  readonly keep_ready: number;
  readonly ready: number;
  readonly clinics: number;
  readonly version: number;
  readonly created_at: string;
}

const columns = sql`id, name, state, max_backends, keep_ready,
  ready_databases(id) as ready,
  (select count(*)::integer from clinics
    where cell_id = cells.id and clinics.state <> 'closed') as clinics,
  version, created_at`;

export function selectCells(
  run: Run,
  window: PageWindow,
): Promise<CellRow[]> {
  const after = window.after
    ? sql`where name collate "C" > ${window.after[0]}`
    : sql``;
  return run.rows(sql`select ${columns} from cells ${after}
    order by name collate "C" limit ${window.fetch}::integer`);
}

export function findCell(run: Run, id: string): Promise<CellRow | undefined> {
  return one(run, sql`select ${columns} from cells where id = ${id}`);
}

/** For an operator's command: cells are named by their name there. */
export function findCellByName(
  run: Run,
  name: string,
): Promise<CellRow | undefined> {
  return one(run, sql`select ${columns} from cells where name = ${name}`);
}

const NAMES: ColumnNames = {
  state: sql`state`,
  maxBackends: sql`max_backends`,
  keepReady: sql`keep_ready`,
};

/** Where the cell and its key are is none of it: see `changeCell`. */
export interface CellChanges {
  readonly state?: CellState | undefined;
  readonly maxBackends?: number | undefined;
  readonly keepReady?: number | undefined;
}

/** @returns undefined when no cell of this id has a version of the condition */
export function updateCell(
  run: Run,
  id: string,
  condition: VersionCondition,
  changes: CellChanges,
): Promise<CellRow | undefined> {
  return one(
    run,
    sql`update cells set ${assignments(NAMES, { ...changes })}
      where id = ${id} and ${versionIs(condition)} returning ${columns}`,
  );
}

async function one(run: Run, statement: Sql): Promise<CellRow | undefined> {
  const [row] = await run.rows<CellRow>(statement);
  return row;
}
