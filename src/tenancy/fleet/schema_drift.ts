import { randomUUID } from "node:crypto";
import type { Connection } from "../../db/connection.ts";
import type { Migration } from "../../db/migrations.ts";
import { identifier, sql } from "../../db/sql.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  OWNER_ROLE,
  withDatabase,
} from "../provisioning/admin.ts";
import { ddl, ensureTemplate } from "../provisioning/template.ts";
import { readSchema, type SchemaItem } from "./schema_fingerprint.ts";

/** How one thing of a clinic's schema is not as in the template. */
export interface SchemaDifference {
  readonly kind: string;
  readonly name: string;
  /** As the template has it; null when it has none. */
  readonly expected: string | null;
  /** As the clinic has it; null when it has none. */
  readonly found: string | null;
}

/** What a clinic has and the template cannot have: the right of its own role to use what it finds. */
const OF_EVERY_CLINIC: SchemaItem = {
  kind: "grant",
  name: "schema public to clinic",
  definition: "usage",
};

/** Begins the name of a copy of a template: nobody can look into a template itself. */
export const SCRATCH_PREFIX = "cloison_scratch_";

/**
 * What the schema of a clinic with these migrations must be, as its template has it.
 * @param maintenance a connection to another database of the cluster
 */
export async function expectedSchema(
  login: AdminLogin,
  maintenance: Connection,
  migrations: readonly Migration[],
): Promise<SchemaItem[]> {
  const template = await ensureTemplate(login, maintenance, migrations);
  const scratch = SCRATCH_PREFIX + randomUUID().replaceAll("-", "");
  const name = identifier(scratch);
  await ddl(
    maintenance,
    sql`create database ${name} template ${identifier(template)}
      owner ${identifier(OWNER_ROLE)}`,
  );
  try {
    await ddl(maintenance, sql`revoke all on database ${name} from public`);
    const items = await withDatabase(login, scratch, readSchema);
    return [...items, OF_EVERY_CLINIC].sort(byName);
  } finally {
    // It waits for a checkpoint: on a cluster that has much to write, it is the longest part of all this.
    await ddl(maintenance, sql`drop database if exists ${name}`);
  }
}

/** Line by line, by kind and name. Nothing when the two are the same. */
export function compareSchemas(
  expected: readonly SchemaItem[],
  found: readonly SchemaItem[],
): SchemaDifference[] {
  const missing = new Map(expected.map((item) => [keyOf(item), item]));
  const differences: SchemaDifference[] = [];
  for (const item of found) {
    const key = keyOf(item);
    const known = missing.get(key);
    missing.delete(key);
    if (known?.definition === item.definition) continue;
    differences.push({
      kind: item.kind,
      name: item.name,
      expected: known?.definition ?? null,
      found: item.definition,
    });
  }
  for (const { kind, name, definition } of missing.values()) {
    differences.push({ kind, name, expected: definition, found: null });
  }
  return differences.sort(byName);
}

/**
 * Looks whether databases are as their template, which is read once, when the first is looked at.
 * @returns says of a database what the first difference is, if there is one
 */
export function schemaInspector(
  login: AdminLogin,
  migrations: readonly Migration[],
): (database: string) => Promise<string | undefined> {
  let expected: Promise<SchemaItem[]> | undefined;
  return async (database) => {
    expected ??= withDatabase(
      login,
      CENTRAL_DATABASE,
      (central) => expectedSchema(login, central, migrations),
    );
    const found = await withDatabase(login, database, readSchema);
    const [first] = compareSchemas(await expected, found);
    return first && describeDifference(first);
  };
}

/** One line for people. */
export function describeDifference(difference: SchemaDifference): string {
  const { kind, name, expected, found } = difference;
  if (found === null) return `- ${kind} ${name}: ${expected}`;
  if (expected === null) return `+ ${kind} ${name}: ${found}`;
  return `~ ${kind} ${name}: ${found}, instead of ${expected}`;
}

interface Named {
  readonly kind: string;
  readonly name: string;
}

function keyOf({ kind, name }: Named): string {
  return `${kind}\0${name}`;
}

/** The order of `readSchema`. */
function byName(a: Named, b: Named): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}
