import {
  compareSchemas,
  type SchemaDifference,
} from "../../src/tenancy/fleet/schema_drift.ts";
import type { SchemaItem } from "../../src/tenancy/fleet/schema_fingerprint.ts";

/** What a program written for the schema before would miss, or run into. */
export interface Break {
  /** Kind and name, such as `column staff.email`. */
  readonly thing: string;
  readonly why: string;
}

/** What the steps from one schema to the next take away from programs that know the first alone. */
export function breaksBetween(
  before: readonly SchemaItem[],
  after: readonly SchemaItem[],
): Break[] {
  const old = new OldTables(before);
  const breaks: Break[] = [];
  for (const difference of compareSchemas(before, after)) {
    const why = reasonOf(difference, old);
    if (!why) continue;
    breaks.push({ thing: `${difference.kind} ${difference.name}`, why });
  }
  return breaks;
}

/**
 * What is wrong with a file, by the rule of `migrations/README.md`.
 * @param minimum schema that the oldest program that may be running was written for
 */
export function judge(
  text: string,
  breaks: readonly Break[],
  minimum: number,
): string[] {
  const declared = new Map(
    [...text.matchAll(/^-- contract: (.+) \((\d{4})\)$/gm)]
      .map(([, thing, since]) => [thing!, Number(since)]),
  );
  const problems: string[] = [];
  for (const { thing, why } of breaks) {
    const since = declared.get(thing);
    declared.delete(thing);
    if (since === undefined) problems.push(`${thing} ${why}`);
    else if (since > minimum) {
      problems.push(
        `${thing} ${why}, and programs written for schema ${minimum} may be running that are not without it`,
      );
    }
  }
  for (const thing of declared.keys()) {
    problems.push(`${thing} is declared, and nothing happens to it`);
  }
  return problems;
}

/** The tables that a program knows, with their columns. */
class OldTables {
  readonly #columns = new Map<string, string[]>();

  constructor(items: readonly SchemaItem[]) {
    for (const { kind, name } of items) {
      if (kind === "table") this.#columns.set(name, []);
    }
    for (const { kind, name } of items) {
      if (kind !== "column") continue;
      const dot = name.lastIndexOf(".");
      this.#columns.get(name.slice(0, dot))?.push(name.slice(dot + 1));
    }
  }

  has(table: string): boolean {
    return this.#columns.has(table);
  }

  /** Whether a rule says something about columns that were there before. */
  speaksOf(table: string, rule: string): boolean {
    const own = rule.replace(/ REFERENCES .*/, "").replace(/'[^']*'/g, "");
    const words = new Set(own.match(/\w+/g));
    return (this.#columns.get(table) ?? []).some((name) => words.has(name));
  }
}

function reasonOf(
  { kind, name, expected, found }: SchemaDifference,
  old: OldTables,
): string | undefined {
  if (found === null) return lost(kind, expected!);
  const table = name.slice(0, name.lastIndexOf("."));
  return expected === null
    ? old.has(table) ? added(kind, found, table, old) : undefined
    : changed(kind, expected, found);
}

function lost(kind: string, before: string): string | undefined {
  // Who kept to a rule is not hurt when it is gone; who relies on a unique index (ON CONFLICT) is.
  if (kind === "constraint") return undefined;
  if (kind === "index" && !isUnique(before)) return undefined;
  return "is gone";
}

function added(
  kind: string,
  found: string,
  table: string,
  old: OldTables,
): string | undefined {
  switch (kind) {
    case "column":
      return isRequired(found)
        ? "has to be given, and has no default"
        : undefined;
    case "constraint":
      return old.speaksOf(table, found)
        ? "is a new rule for columns that were there before"
        : undefined;
    case "index":
      return isUnique(found) &&
          old.speaksOf(table, found.replace(/.* USING /, ""))
        ? "is a new rule for columns that were there before"
        : undefined;
    case "trigger":
    case "policy":
    case "rule":
      return "acts on a table that was there before";
    default:
      return undefined;
  }
}

function changed(
  kind: string,
  before: string,
  after: string,
): string | undefined {
  switch (kind) {
    case "column":
      return changedColumn(before, after);
    case "constraint":
    case "type":
      return isWider(before, after) ? undefined : "is another rule";
    case "index":
      return isUnique(before) || isUnique(after)
        ? "is another rule"
        : undefined;
    case "function":
      return withoutBody(before) === withoutBody(after)
        ? undefined
        : "is another function";
    case "grant":
      return before.split(", ").every((right) =>
          after.split(", ").includes(right)
        )
        ? undefined
        : "gives fewer rights";
    default:
      return "is not what it was";
  }
}

function changedColumn(before: string, after: string): string | undefined {
  const [was, is] = [before.split(" | "), after.split(" | ")];
  if (was[0] !== is[0]) return `changes its type from ${was[0]} to ${is[0]}`;
  if (!was.includes("not null") && is.includes("not null")) {
    return "may no longer be left out";
  }
  return isRequired(after) && !isRequired(before)
    ? "has to be given, and has no default any more"
    : undefined;
}

function isRequired(column: string): boolean {
  return / \| not null\b/.test(column) &&
    !/ \| (default|generated|identity) /.test(column);
}

function isUnique(index: string): boolean {
  return index.startsWith("CREATE UNIQUE");
}

/** A closed list that got longer, and nothing else. */
function isWider(before: string, after: string): boolean {
  const QUOTED = /'(?:[^']|'')*'(?:::text)?/g;
  const shape = (text: string) => text.replace(QUOTED, "").replace(/[, ]/g, "");
  if (shape(before) !== shape(after)) return false;
  const now = new Set(after.match(QUOTED));
  return (before.match(QUOTED) ?? []).every((value) => now.has(value));
}

function withoutBody(definition: string): string {
  return definition.replace(/body [0-9a-f]+$/, "");
}
