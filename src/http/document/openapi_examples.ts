import { isNode, type Node, resolve } from "./openapi_nodes.ts";

/**
 * Gives every component an example, made of the examples of its members unless it has one of its own, and writes
 * examples the way of JSON Schema 2020-12: `examples`, an array. Done in place.
 */
export function finishSchemas(document: Node): void {
  const { schemas } = document.components as { schemas: Record<string, Node> };
  for (const schema of Object.values(schemas)) liftNullable(schema);
  for (const schema of Object.values(schemas)) {
    if (schema.example !== undefined) continue;
    const example = compose(document, schema);
    if (example !== undefined) schema.example = example;
  }
  for (const schema of Object.values(schemas)) useExamples(schema);
}

/** The schemas that stand directly in another one. */
function childrenOf(schema: Node): Node[] {
  const { properties, items, anyOf, oneOf } = schema;
  return [
    ...(isNode(properties) ? Object.values(properties) : []),
    items,
    ...(Array.isArray(anyOf) ? anyOf : []),
    ...(Array.isArray(oneOf) ? oneOf : []),
  ].filter(isNode);
}

/** What a member is called and shown as belongs to the member, not to the one of its types that is not null. */
function liftNullable(schema: Node): void {
  childrenOf(schema).forEach(liftNullable);
  const [only, nothing] = (schema.anyOf ?? []) as Node[];
  if (only === undefined || nothing?.type !== "null") return;
  if (only.$ref !== undefined) return;
  for (const key of ["description", "example"]) {
    if (only[key] === undefined) continue;
    schema[key] ??= only[key];
    delete only[key];
  }
}

function compose(document: Node, schema: Node): unknown {
  if (schema.$ref !== undefined) {
    return compose(document, resolve(document, schema));
  }
  if (schema.example !== undefined) return schema.example;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  for (const choices of [schema.oneOf, schema.anyOf]) {
    if (Array.isArray(choices)) return compose(document, choices[0]);
  }
  if (isNode(schema.items)) {
    const item = compose(document, schema.items);
    return item === undefined ? undefined : [item];
  }
  if (!isNode(schema.properties)) return undefined;
  const members = Object.entries(schema.properties)
    .map(([name, member]) => [name, compose(document, member as Node)])
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(members);
}

function useExamples(schema: Node): void {
  childrenOf(schema).forEach(useExamples);
  if (schema.example === undefined) return;
  schema.examples = [schema.example];
  delete schema.example;
}
