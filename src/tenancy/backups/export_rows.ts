import { createHash, type Hash } from "node:crypto";
import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import type { Connection, Runner } from "../../db/connection.ts";
import { identifier, joinSql, sql } from "../../db/sql.ts";
import { findSealedColumns, type SealedColumn } from "../rotation/reseal.ts";

/** What an export says of each table when all its rows have come. */
export interface ExportedTable {
  readonly rows: number;
  /** Of its lines, each with its line feed; SHA-256 in hex. */
  readonly sha256: string;
}

/** A line of an export: first rows, one by one, then once what all of them were. */
export type ExportLine =
  | { readonly table: string; readonly row: Readonly<Record<string, unknown>> }
  | { readonly tables: Readonly<Record<string, ExportedTable>> };

/** They let somebody in, or serve the program alone: nobody gets them. */
const LEFT_OUT: readonly string[] = [
  "audit_outbox",
  "consent_links",
  "idempotency_keys",
  "link_tokens",
  "patient_export_chunks",
  "patient_export_links",
  "patient_exports",
  "recovery_codes",
  "refresh_tokens",
  "schema_migrations",
  "second_factors",
  "sessions",
];
const LEFT_OUT_COLUMNS: readonly string[] = ["password_hash"];
/** Of blind indexes: they are made of what stands beside them. */
const INDEX = "_index";
const SEALED = "_sealed";
/** As FETCH says below. */
const BATCH = 200;
/** Of an identifier. */
const MAX_NAME = 63;

interface Table {
  readonly table: string;
  readonly columns: readonly string[];
}

/** Hands over every row of a clinic's database as it is at one moment, table by table, with what is sealed in clear. */
export async function exportRows(
  connection: Connection,
  vault: ClinicVault,
  write: (line: ExportLine) => Promise<void>,
): Promise<void> {
  const sealed = await findSealedColumns(connection);
  await connection.transaction("read only", async (run) => {
    await run.rows(sql`set transaction isolation level repeatable read`);
    const tables: Record<string, ExportedTable> = {};
    for (const table of await findTables(run)) {
      const mine = sealed.filter((each) => each.table === table.table);
      tables[table.table] = await exportTable(run, vault, table, mine, write);
    }
    await write({ tables });
  });
}

async function findTables(run: Runner): Promise<Table[]> {
  return [
    ...await run.rows<Table>(sql`
      select c.table_name as "table",
        array_agg(c.column_name::text order by c.ordinal_position) as columns
      from information_schema.columns as c
      join information_schema.tables as t using (table_schema, table_name)
      where table_schema = 'public' and t.table_type = 'BASE TABLE'
        and not c.table_name = any (${LEFT_OUT}::text[])
        and not c.column_name = any (${LEFT_OUT_COLUMNS}::text[])
        and not (c.data_type = 'bytea' and c.column_name like ${`%\\${INDEX}`})
      group by c.table_name order by c.table_name`),
  ];
}

async function exportTable(
  run: Runner,
  vault: ClinicVault,
  { table, columns }: Table,
  sealed: readonly SealedColumn[],
  write: (line: ExportLine) => Promise<void>,
): Promise<ExportedTable> {
  const name = identifier(table);
  const clear = columns.filter((column) =>
    !sealed.some((each) => each.column === column)
  );
  const selected = [
    sql`(select to_jsonb(one) from (select ${
      joinSql(clear.map((column) => sql`t.${identifier(column)}`), sql`, `)
    }) as one) as row`,
    ...sealed.map(({ column }) => sql`t.${identifier(column)}`),
  ];
  // One name each: what comes of a statement with the same text would be taken for the same columns.
  const cursor = identifier(`rows_of_${table}`.slice(0, MAX_NAME));
  await run.rows(sql`
    declare ${cursor} no scroll cursor for
    select ${joinSql(selected, sql`, `)} from ${name} as t`);
  const hash = createHash("sha256");
  let rows = 0;
  for (;;) {
    const batch = await run.rows<Record<string, unknown>>(
      sql`fetch 200 from ${cursor}`, // it takes no parameter
    );
    for (const { row, ...values } of batch) {
      const whole = row as Record<string, unknown>;
      for (const { column, key } of sealed) {
        const value = values[column] as Uint8Array | null;
        whole[column.slice(0, -SEALED.length)] = value && vault.openText(
          { table, column, row: String(whole[key]) },
          value,
        );
      }
      addLine(hash, whole);
      await write({ table, row: whole });
    }
    rows += batch.length;
    if (batch.length < BATCH) break;
  }
  await run.rows(sql`close ${cursor}`);
  return { rows, sha256: hash.digest("hex") };
}

/** As the line of a table's own file is. */
export function lineOfRow(row: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(row)}\n`;
}

export function addLine(
  hash: Hash,
  row: Readonly<Record<string, unknown>>,
): void {
  hash.update(lineOfRow(row));
}
