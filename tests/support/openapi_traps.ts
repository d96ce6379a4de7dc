import type { z } from "@hono/zod-openapi";
import { isNode, type Node } from "../../src/http/document/openapi_nodes.ts";
import {
  aloneInDocument,
  type Declared,
  definitionOf,
  partsOf,
  rawDocument,
  schemasOf,
} from "./declared_routes.ts";

/** Every schema of some routes, with where it stands. */
export function everyPart(
  routes: readonly Declared[],
): Map<z.ZodType, string> {
  const seen = new Map<z.ZodType, string>();
  for (const route of routes) {
    const { requests, responses } = schemasOf(route);
    for (const schema of [...requests, ...responses]) {
      partsOf(schema, route.operationId, seen);
    }
  }
  return seen;
}

/** Schemas that say null in the way that publishes a document in which null is invalid. */
export function nullableSchemas(routes: readonly Declared[]): string[] {
  return [...everyPart(routes)]
    .filter(([schema]) => definitionOf(schema).type === "nullable")
    .map(([, where]) => where);
}

/** Components that another use of the same schema, or of the same name, has changed. */
export function changedComponents(routes: readonly Declared[]): string[] {
  const { components } = rawDocument(routes);
  return [...everyPart(routes)].flatMap(([schema, where]) => {
    const alone = aloneInDocument(schema);
    if (!alone) return [];
    const published = JSON.stringify(components.schemas[alone.name]);
    return published === JSON.stringify(alone.schema)
      ? []
      : [`${where}: ${alone.name}`];
  });
}

/** Schemas that take what the document does not say, or that the library documents as something else. */
export function looseSchemas(routes: readonly Declared[]): string[] {
  return [...everyPart(routes)].flatMap(([schema, where]) => {
    const definition = definitionOf(schema);
    const unfit = UNFIT.has(definition.type) || definition.coerce === true ||
      (definition.type === "number" && definition.format !== "safeint") ||
      (definition.type === "object" &&
        definition.catchall?._zod.def.type !== "never") ||
      (definition.format === "datetime" && definition.offset !== true);
    return unfit ? [`${where}: ${definition.type}`] : [];
  });
}

const UNFIT = new Set([
  "any",
  "unknown",
  "bigint",
  "date",
  "file",
  "record",
  "map",
  "set",
  "default",
  "prefault",
  "nonoptional",
  "catch",
  "custom",
  "lazy",
]);

/** Regular expressions whose flags the document cannot say. */
export function flaggedPatterns(routes: readonly Declared[]): string[] {
  return [...everyPart(routes)].flatMap(([schema, where]) => {
    const { pattern, checks = [] } = definitionOf(schema);
    return [pattern, ...checks.map(({ _zod }) => _zod.def.pattern)]
      .filter((each) => each !== undefined && /[^u]/.test(each.flags))
      .map((each) => `${where}: ${each}`);
  });
}

/** Schemas of answers that are documented as what goes in, not as what comes out. */
export function changingAnswers(routes: readonly Declared[]): string[] {
  return routes.flatMap((route) =>
    schemasOf(route).responses.flatMap((schema) =>
      [...partsOf(schema, route.operationId)]
        .filter(([part]) =>
          ["pipe", "transform"].includes(definitionOf(part).type)
        )
        .map(([, where]) => where)
    )
  );
}

/** Where text is read that may hold a NUL, which PostgreSQL cannot store. */
export function textsWithNul(routes: readonly Declared[]): string[] {
  return routes.flatMap((route) =>
    schemasOf(route).requests.flatMap((schema) =>
      [...partsOf(schema, route.operationId)]
        .filter(([part]) => definitionOf(part).type === "string")
        .filter(([part]) => NULS.some((text) => part.safeParse(text).success))
        .map(([, where]) => where)
    )
  );
}

const NULS = ["\0", "a\0", "\0a", "a\0b", "Zoë\0Le Goff"];

/** The schemas of a document, wherever they stand, with where. */
export function everySchema(document: Node): [Node, string][] {
  const found: [Node, string][] = [];
  visit(document, "#", found);
  return found;
}

const SCHEMA_KEYS = ["type", "oneOf", "anyOf", "allOf", "enum", "properties"];

function visit(value: unknown, where: string, found: [Node, string][]): void {
  if (Array.isArray(value)) {
    value.forEach((item, n) => visit(item, `${where}/${n}`, found));
    return;
  }
  if (!isNode(value)) return;
  const isSchema =
    /\/(schema|items|schemas\/\w+|properties\/\w+)$/.test(where) ||
    /\/(anyOf|oneOf|allOf)\/\d+$/.test(where);
  if (isSchema && SCHEMA_KEYS.some((key) => key in value)) {
    found.push([value, where]);
  }
  for (const [key, part] of Object.entries(value)) {
    if (!["example", "examples", "enum"].includes(key)) {
      visit(part, `${where}/${key}`, found);
    }
  }
}
