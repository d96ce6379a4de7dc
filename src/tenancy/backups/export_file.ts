import { createHash, type Hash } from "node:crypto";
import * as v from "valibot";
import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import { SealError } from "../../crypto/seal.ts";
import type { Connection } from "../../db/connection.ts";
import {
  addLine,
  type ExportedTable,
  type ExportLine,
  exportRows,
} from "./export_rows.ts";

const Line = v.union([
  v.strictObject({
    table: v.pipe(v.string(), v.regex(/^[a-z_][a-z0-9_]*$/)),
    row: v.record(v.string(), v.unknown()),
  }),
  v.strictObject({
    tables: v.record(
      v.string(),
      v.strictObject({ rows: v.number(), sha256: v.string() }),
    ),
  }),
]);

/** An export as bytes: a line of JSON for each row, and one at the end that says what all of them were. */
export function exportStream(
  connection: Connection,
  vault: ClinicVault,
): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const write = (line: ExportLine) =>
    writer.write(encoder.encode(`${JSON.stringify(line)}\n`));
  exportRows(connection, vault, write).then(
    () => writer.close(),
    (error) => writer.abort(error),
  ).catch(() => {}); // whoever reads it meets the error
  return readable;
}

/**
 * Reads an export to its end, row by row. @returns its tables
 * @throws {SealError} when it was cut, or its rows are not those that its end tells of
 */
export async function readExport(
  content: AsyncIterable<Uint8Array>,
  onRow: (
    table: string,
    row: Readonly<Record<string, unknown>>,
  ) => void | Promise<void> = () => {},
): Promise<Readonly<Record<string, ExportedTable>>> {
  const met = new Map<string, { rows: number; readonly hash: Hash }>();
  let tables: Readonly<Record<string, ExportedTable>> | undefined;
  for await (const text of linesOf(content)) {
    const line = v.parse(v.pipe(v.string(), v.parseJson(), Line), text);
    if ("tables" in line) {
      tables = line.tables;
      continue;
    }
    const { table, row } = line;
    const known = met.get(table) ?? { rows: 0, hash: createHash("sha256") };
    met.set(table, known);
    known.rows++;
    addLine(known.hash, row);
    await onRow(table, row);
  }
  if (!tables) throw new SealError("Cannot read export: it was cut");
  for (const [table, { rows, sha256 }] of Object.entries(tables)) {
    const known = met.get(table) ?? { rows: 0, hash: createHash("sha256") };
    met.delete(table);
    if (known.rows !== rows || known.hash.digest("hex") !== sha256) {
      throw new SealError(`Cannot read export: ${table} is not as it was`);
    }
  }
  if (met.size > 0) throw new SealError("Cannot read export: it has more");
  return tables;
}

async function* linesOf(
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of content) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") throw new SealError("Cannot read export: it was cut");
}
