import { z } from "@hono/zod-openapi";
import type { ClinicTrail } from "../../../../audit/trail_reader.ts";
import type { ClinicVault } from "../../../../crypto/clinic_vault.ts";
import { sql } from "../../../../db/sql.ts";
import {
  type ExportPart,
  staffPseudonym,
  type TrailPart,
} from "../../../../http/file_export.ts";
import { label, orNull } from "../../../../http/schemas.ts";
import type { ClinicDb, ReadTx } from "../../../../tenancy/clinic_db.ts";
import { type DescribedFile, schemaOf } from "../json_schemas.ts";
import { JsonFile } from "./json_file.ts";

/** What an archive is made of, feature by feature. */
export interface ExportParts {
  readonly file: readonly ExportPart[];
  readonly trail: TrailPart;
}

/** A file of the archive; what it holds is made when its turn comes. */
export interface ArchiveFile {
  readonly path: string;
  readonly mediaType: string;
  content(): Promise<readonly Uint8Array[]>;
}

export interface Collected {
  readonly files: readonly ArchiveFile[];
  /** RFC 3339; everything is as it was then. */
  readonly readAt: string;
}

export interface CollectOptions {
  readonly db: ClinicDb;
  readonly vault: ClinicVault;
  readonly trail: ClinicTrail;
  readonly parts: ExportParts;
  readonly patientId: string;
  /** Called now and then; throws to end it. */
  readonly goOn: () => Promise<void>;
}

const STAFF: DescribedFile = {
  name: "staff",
  description: "Who stands behind the pseudonyms in the other files",
  item: z.strictObject({
    staff: staffPseudonym,
    role: orNull(label({
      max: 50,
      description: "Their role now; null for who is not of the clinic",
      example: "physician",
    })),
  }),
};

/**
 * Reads everything that the clinic has of a patient: its own database in one state, then the trail up to that moment.
 * @throws {ExportTooLarge}
 */
export async function collect(options: CollectOptions): Promise<Collected> {
  const { db, vault, parts, trail, patientId, goOn } = options;
  const pseudonyms = new Map<string, string>();
  const staff = (id: string) => {
    const known = pseudonyms.get(id) ?? `staff-${pseudonyms.size + 1}`;
    pseudonyms.set(id, known);
    return known;
  };
  const budget = { left: MAX_BYTES };
  const files: ArchiveFile[] = [];
  const prints: ArchiveFile[] = [];
  const { readAt, fileIds, roles } = await db.snapshot(async (tx) => {
    const found = await findFiles(tx, patientId);
    for (const part of parts.file) {
      const file = new JsonFile(part.name, budget);
      const scope = {
        tx,
        vault,
        fileIds: found.fileIds,
        staff,
        attach(path: string, make: () => Promise<Uint8Array>) {
          const content = async () => [await make()];
          prints.push({ path, mediaType: "application/pdf", content });
        },
      };
      for await (const items of part.items(scope)) {
        file.add(items);
        await goOn();
      }
      files.push(file.end());
    }
    return found;
  });
  const file = new JsonFile(parts.trail.name, budget);
  const scope = { fileIds, staff, trail, until: readAt };
  for await (const items of parts.trail.items(scope)) {
    file.add(items);
    await goOn();
  }
  const people = new JsonFile(STAFF.name, budget);
  people.add(
    [...pseudonyms].map(([id, name]) => ({
      staff: name,
      role: roles.get(id) ?? null,
    })),
  );
  const described = [...parts.file, parts.trail, STAFF];
  return {
    readAt,
    files: [
      ...files,
      file.end(),
      people.end(),
      ...described.map(schemaFile),
      ...prints,
    ],
  };
}

/** Of JSON; what comes in addition are prints. */
const MAX_BYTES = 64 * 2 ** 20;

interface Found {
  readonly readAt: string;
  readonly fileIds: readonly string[];
  readonly roles: ReadonlyMap<string, string>;
}

async function findFiles(tx: ReadTx, patientId: string): Promise<Found> {
  const [files, staff, now] = await Promise.all([
    tx.rows<{ id: string }>(sql`select id
      from unnest(file_ids(${patientId})) as id
      order by id <> ${patientId}::uuid, id`),
    tx.rows<{ id: string; role: string }>(sql`select id, role from staff`),
    tx.row<{ at: string }>(sql`select now() as at`),
  ]);
  return {
    readAt: now!.at,
    fileIds: files.map(({ id }) => id),
    roles: new Map(staff.map(({ id, role }) => [id, role])),
  };
}

function schemaFile(file: DescribedFile): ArchiveFile {
  return {
    path: `schemas/${file.name}.json`,
    mediaType: "application/schema+json",
    content: () => Promise.resolve([jsonBytes(schemaOf(file))]),
  };
}

/** For people, too. */
export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
