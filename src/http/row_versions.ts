import type { Context } from "hono";
import { joinSql, type Sql, sql } from "../db/sql.ts";
import { AppError } from "../kernel/errors.ts";
import type { AuditEvent } from "../kernel/audit_event.ts";
import type { ClinicDb, ReadTx, WriteTx } from "../tenancy/clinic_db.ts";
import { etagOf, matchesIfNoneMatch, type VersionCondition } from "./etag.ts";

/** A row that grows a version with every change. */
export interface VersionedRow {
  readonly version: number;
}

/** Holds for rows whose version is one that the client has seen. */
export function versionIs(condition: VersionCondition): Sql {
  return condition.any
    ? sql`true`
    : sql`version = any (${`{${condition.versions.join(",")}}`}::integer[])`;
}

/** Columns, by the name that the code has for them, as SQL. */
export type ColumnNames = Readonly<Record<string, Sql>>;

/** `a = 1, b = 2`, without the values that are `undefined`. */
export function assignments(
  names: ColumnNames,
  values: Readonly<Record<string, unknown>>,
): Sql {
  const parts = present(values).map(([name, value]) =>
    sql`${names[name]} = ${value}`
  );
  return joinSql(parts, sql`, `);
}

/** `(id, a, b) values (…)`, without the values that are `undefined`. */
export function inserted(
  names: ColumnNames,
  id: string,
  values: Readonly<Record<string, unknown>>,
): Sql {
  const entries = present(values);
  const columns = entries.map(([name]) => names[name]!);
  const given = entries.map(([, value]) => sql`${value}`);
  return sql`(${joinSql([sql`id`, ...columns], sql`, `)})
    values (${joinSql([sql`${id}`, ...given], sql`, `)})`;
}

function present(values: Readonly<Record<string, unknown>>) {
  return Object.entries(values).filter(([, value]) => value !== undefined);
}

/** How rows of one kind are found and changed. */
export interface RowAccess<Row extends VersionedRow> {
  /** What a client calls one, as in `There is no such patient`. */
  readonly noun: string;
  find(tx: ReadTx): Promise<Row | undefined>;
  /** `undefined` when no row has a version of the condition. */
  update(tx: WriteTx): Promise<Row | undefined>;
}

/**
 * Changes a row that is of a version that the client has seen, and leaves the event.
 * @param isChange `false` leaves the row as it is, once its version was found to be right
 * @throws {AppError} `not-found`, `precondition-failed`
 */
export async function changeRow<Row extends VersionedRow>(
  clinic: ClinicDb,
  condition: VersionCondition,
  event: AuditEvent,
  access: RowAccess<Row>,
  isChange: (row: Row) => boolean,
): Promise<Row> {
  return await clinic.write(async (tx) => {
    const present = await requireRow(tx, condition, access);
    if (!isChange(present)) return tx.audit(event, present);
    const row = await access.update(tx);
    if (!row) throw staleVersion(access.noun);
    return tx.audit(event, row);
  });
}

/** @throws {AppError} `not-found`, `precondition-failed` */
export async function requireRow<Row extends VersionedRow>(
  tx: ReadTx,
  condition: VersionCondition,
  { noun, find }: Pick<RowAccess<Row>, "noun" | "find">,
): Promise<Row> {
  const row = await find(tx);
  if (!row) throw noSuch(noun);
  if (condition.any || condition.versions.includes(row.version)) return row;
  throw staleVersion(noun);
}

export function noSuch(noun: string): AppError {
  return new AppError("not-found", `There is no such ${noun}`);
}

export function staleVersion(noun: string): AppError {
  return new AppError(
    "precondition-failed",
    `The ${noun} was changed after it had been read`,
  );
}

/** Says which version the answer shows. @returns whether the client has it already, so that 304 is the answer */
export function showVersion(c: Context, version: number): boolean {
  c.header("etag", etagOf(version));
  return matchesIfNoneMatch(c.req.header("if-none-match"), version);
}

/** Says where the next page of a list is (RFC 8288), if there is one. */
export function linkNext(c: Context, nextCursor: string | null): void {
  if (nextCursor === null) return;
  const next = new URL(c.req.url);
  next.searchParams.set("cursor", nextCursor);
  c.header("link", `<${next.pathname}${next.search}>; rel="next"`);
}
