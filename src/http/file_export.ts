import { z } from "@hono/zod-openapi";
import type { ClinicTrail } from "../audit/trail_reader.ts";
import type { ClinicVault } from "../crypto/clinic_vault.ts";
import { type Sql, sql } from "../db/sql.ts";
import type { ReadTx } from "../tenancy/clinic_db.ts";
import { label } from "./schemas.ts";

/** What a feature gives when a patient asks for everything that the clinic has of them (GDPR, articles 15 and 20). */
export interface ExportPart {
  /** Of the file in the archive, without its `.json`. */
  readonly name: string;
  /** What the file is, for who reads its schema. */
  readonly description: string;
  /** Of one item: it is what the archive says of the file, and what its items are held against. */
  readonly item: z.ZodType;
  /** Everything, in order. Nobody else is named in it: the staff by pseudonyms, and other patients not at all. */
  items(scope: ExportScope): AsyncIterable<readonly object[]>;
}

/** What a part is read from: one patient, at one moment. */
export interface ExportScope {
  /** One state of the database for all parts. */
  readonly tx: ReadTx;
  readonly vault: ClinicVault;
  /** The patient's file, then those that were merged into it. */
  readonly fileIds: readonly string[];
  /** Who of the staff an id is, for somebody who is not of it. */
  staff(id: string): string;
  /** Puts another file into the archive, which is made when everything has been read. */
  attach(path: string, make: () => Promise<Uint8Array>): void;
}

/** What is known of a patient outside the clinic's database. */
export interface TrailScope extends Pick<ExportScope, "fileIds" | "staff"> {
  readonly trail: ClinicTrail;
  /** RFC 3339; what came later is not in it. */
  readonly until: string;
}

/** The part that tells who opened the file: its lines are in the central database. */
export interface TrailPart extends Omit<ExportPart, "items"> {
  items(scope: TrailScope): AsyncIterable<readonly object[]>;
}

/** Stands for a member of the staff, in one archive and no other. */
export const staffPseudonym: z.ZodString = label({
  max: 20,
  pattern: "^staff-[1-9][0-9]*$",
  description:
    "A member of the clinic's staff, the same in all files of this archive; `staff.json` has their roles",
  example: "staff-1",
});

/** `null` where nobody is named. */
export function staffOrNull(
  { staff }: Pick<ExportScope, "staff">,
  id: string | null,
): string | null {
  return id === null ? null : staff(id);
}

const BATCH = 200;
const FIRST_ID = "00000000-0000-0000-0000-000000000000";

/** The rows of a patient's files, batch by batch. Ids of version 7 put them in the order in which they were made. */
export async function* rowsOfFiles<Row extends { readonly id: string }>(
  { tx, fileIds }: Pick<ExportScope, "tx" | "fileIds">,
  columns: Sql,
  from: Sql,
): AsyncGenerator<Row[]> {
  for (let after: string | undefined = FIRST_ID; after !== undefined;) {
    const rows: Row[] = await tx.rows<Row>(sql`select ${columns} from ${from}
      where patient_id = any (${[...fileIds]}::uuid[]) and id > ${after}::uuid
      order by id limit ${BATCH}::integer`);
    yield rows;
    after = rows.length < BATCH ? undefined : rows.at(-1)!.id;
  }
}
