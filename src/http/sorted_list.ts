import type { Context } from "hono";
import { joinSql, type Sql, sql } from "../db/sql.ts";
import type { ClinicEnv } from "./env.ts";
import {
  closePage,
  openPage,
  type Page,
  type PageRequest,
  type PageWindow,
} from "./pages.ts";
import { linkNext } from "./row_versions.ts";

/** What a list is sorted by; rows that are alike in it follow one another by their id. */
export interface SortKey {
  readonly value: Sql;
  /** Its type in SQL. */
  readonly type: Sql;
  readonly descending?: boolean;
}

/** A row of such a list. */
export interface SortedRow {
  readonly id: string;
  readonly sort_value: string;
}

/** Statement for one page of the rows of `from` that meet all `conditions`; keyset, never OFFSET. */
export function pageOfRows(
  columns: Sql,
  from: Sql,
  conditions: readonly Sql[],
  key: SortKey,
  window: PageWindow,
): Sql {
  const { value, type, descending = false } = key;
  const direction = descending ? sql`desc` : sql`asc`;
  const beyond = descending ? sql`<` : sql`>`;
  const all = [sql`true`, ...conditions];
  if (window.after) {
    const [last, id] = window.after;
    all.push(sql`(${value}, id) ${beyond} (${last}::${type}, ${id}::uuid)`);
  }
  return sql`select ${columns}, ${value}::text as sort_value from ${from}
    where ${joinSql(all, sql` and `)}
    order by ${value} ${direction}, id ${direction}
    limit ${window.fetch}::integer`;
}

/**
 * Reads one page of a list, and links the next one.
 * @param binding what a cursor of the list is good for, of `cursorBinding`
 * @throws {AppError} `invalid-cursor`
 */
export async function answerPage<Row, Item>(
  c: Context<ClinicEnv>,
  binding: string,
  request: PageRequest,
  read: (window: PageWindow) => Promise<(Row & SortedRow)[]>,
  toItem: (row: Row) => Item,
): Promise<Page<Item>> {
  const { vault } = c.var;
  const window = openPage(vault, binding, request);
  const rows = await read(window);
  const page = closePage(
    vault,
    binding,
    window,
    rows,
    (row) => [row.sort_value, row.id],
    toItem,
  );
  linkNext(c, page.page.nextCursor);
  return page;
}
