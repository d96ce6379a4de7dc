import { ask, type Json } from "./api_client.ts";

/** An operation of the published OpenAPI document. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  readonly secured: boolean;
  /** It answers with a page of entities. */
  readonly list: boolean;
  /** Of parameters in the path that are no id, by parameter in braces. */
  readonly examples: ReadonlyMap<string, string>;
  /** What it cannot do without, from the question mark on. */
  readonly query: string;
  /** A body that the document calls valid, and its media type. */
  readonly body: { readonly type: string; readonly value: unknown } | undefined;
}

/** A parameter in a path. */
export const PARAMETER = /\{[^}]+\}/g;

const METHODS = ["get", "post", "put", "patch", "delete"];
const DAY_MS = 24 * 3600 * 1000;
/** Days from today of the first date that a query needs, and of the second. */
const FIRST_DAY = -20;
const LAST_DAY = 20;

export async function readOperations(api: string): Promise<Operation[]> {
  const { status, body: document } = await ask(api, "/openapi.json");
  if (status !== 200) throw new Error(`Cannot read ${api}/openapi.json`);
  const operations: Operation[] = [];
  for (const [path, item] of Object.entries<Json>(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const security = operation.security ?? document.security ?? [];
      operations.push({
        id: operation.operationId ?? `${method} ${path}`,
        method: method.toUpperCase(),
        path,
        secured: security.length > 0,
        list: security.length > 0 && method === "get" &&
          isPage(document, operation),
        ...parametersOf(document, [
          ...item.parameters ?? [],
          ...operation.parameters ?? [],
        ]),
        body: bodyOf(document, operation.requestBody),
      });
    }
  }
  return operations;
}

function isPage(document: Json, { responses }: Json): boolean {
  const content = resolve(document, responses?.["200"])?.content;
  const schema = content?.["application/json"]?.schema;
  return resolve(document, schema)?.properties?.data !== undefined;
}

function parametersOf(
  document: Json,
  given: readonly Json[],
): Pick<Operation, "examples" | "query"> {
  const examples = new Map<string, string>();
  const query = new URLSearchParams();
  let days = FIRST_DAY;
  for (const parameter of given.map((node) => resolve(document, node))) {
    const { name, required, schema, example: shown } = parameter;
    const value = String(shown ?? example(document, schema, 0));
    if (parameter.in === "path" && schema?.format !== "uuid") {
      examples.set(`{${name}}`, value);
    }
    if (parameter.in !== "query" || !required) continue;
    if (schema?.format !== "date") query.set(name, value);
    else {
      const date = new Date(Date.now() + days * DAY_MS);
      query.set(name, date.toISOString().slice(0, 10));
      days = LAST_DAY;
    }
  }
  return { examples, query: query.size === 0 ? "" : `?${query}` };
}

function bodyOf(document: Json, requestBody: Json): Operation["body"] {
  const content = resolve(document, requestBody)?.content;
  if (!content) return undefined;
  const [type, media] = Object.entries<Json>(content)[0]!;
  const value = media.example ??
    Object.values<Json>(media.examples ?? {})[0]?.value ??
    example(document, media.schema, 0);
  return { type, value };
}

/** Made of the examples, defaults and first choices that a schema gives. */
function example(document: Json, given: Json, depth: number): Json {
  const schema = resolve(document, given) ?? {};
  if (schema.example !== undefined) return schema.example;
  if (schema.examples?.length > 0) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const parts = schema.allOf ?? schema.anyOf ?? schema.oneOf;
  if (parts && depth < 8) return example(document, parts[0], depth + 1);
  if (schema.properties && depth < 8) {
    const required: string[] = schema.required ?? [];
    return Object.fromEntries(
      required.map((name) => [
        name,
        example(document, schema.properties[name], depth + 1),
      ]),
    );
  }
  switch ([schema.type].flat()[0]) {
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return false;
    case "array":
      return [];
    case "object":
      return {};
    default:
      return "x".repeat(schema.minLength ?? 1);
  }
}

function resolve(document: Json, node: Json): Json {
  let at = node;
  for (let i = 0; at?.$ref && i < 8; i++) {
    at = String(at.$ref).replace(/^#\//, "").split("/")
      .reduce((value, key) => value?.[key], document);
  }
  return at;
}
