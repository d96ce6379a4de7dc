import { OpenAPIHono, type RouteConfig, type z } from "@hono/zod-openapi";
import type { Node } from "../../src/http/document/openapi_nodes.ts";

export type Declared = RouteConfig & { readonly operationId: string };

const SOURCE = new URL("../../src/", import.meta.url);

/** Every route that a feature declares, mounted or not. */
export async function declaredRoutes(): Promise<Declared[]> {
  // A feature's declarations may hand on those of its parts.
  const routes = new Set<Declared>();
  for (const part of ["clinic/", "platform/"]) {
    for await (const module of declarationsIn(new URL(part, SOURCE))) {
      const exported = Object.values(await import(module.href));
      for (const each of exported.filter(isDeclared)) routes.add(each);
    }
  }
  return [...routes];
}

async function* declarationsIn(part: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(part)) {
    if (isDirectory) yield* declarationsIn(new URL(`${name}/`, part));
    else if (name.endsWith("declarations.ts")) yield new URL(name, part);
  }
}

function isDeclared(value: unknown): value is Declared {
  return typeof value === "object" && value !== null &&
    "operationId" in value && "responses" in value;
}

/** What a route reads, but for headers, and what it writes. */
export interface RouteSchemas {
  readonly requests: readonly z.ZodType[];
  readonly responses: readonly z.ZodType[];
}

export function schemasOf(route: Declared): RouteSchemas {
  const { body, params, query } = route.request ?? {};
  return {
    requests: [...inContent(body?.content), params, query]
      .filter(isSchema),
    responses: Object.values(route.responses).flatMap((response) =>
      "content" in response ? inContent(response.content) : []
    ).filter(isSchema),
  };
}

function inContent(content: unknown): unknown[] {
  return Object.values((content ?? {}) as Record<string, { schema: unknown }>)
    .map(({ schema }) => schema);
}

function isSchema(value: unknown): value is z.ZodType {
  return typeof value === "object" && value !== null && "_zod" in value;
}

/** The parts of a schema, itself first, each once; with what it is called where it stands. */
export function partsOf(
  schema: z.ZodType,
  where: string,
  seen: Map<z.ZodType, string> = new Map(),
): Map<z.ZodType, string> {
  if (seen.has(schema)) return seen;
  seen.set(schema, where);
  const definition = definitionOf(schema);
  for (const [name, member] of Object.entries(definition.shape ?? {})) {
    partsOf(member, `${where}.${name}`, seen);
  }
  const { innerType, element, options = [], in: input, out } = definition;
  const rest = [innerType, element, input, out, ...options];
  for (const part of rest) {
    if (isSchema(part)) partsOf(part, where, seen);
  }
  return seen;
}

/** Zod's own description of a schema. */
export interface Definition {
  readonly type: string;
  readonly coerce?: boolean;
  readonly format?: string;
  readonly offset?: boolean;
  readonly pattern?: RegExp;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly checks?: readonly {
    readonly _zod: { readonly def: { readonly pattern?: RegExp } };
  }[];
}

export function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** A component of a document, by its name. */
export interface Component {
  readonly name: string;
  readonly schema: unknown;
}

/** The component that the library makes of a schema when nothing else is around; `undefined` for one without a name. */
export function aloneInDocument(schema: z.ZodType): Component | undefined {
  if (definitionOf(schema).type === "transform") return undefined;
  const { paths, components } = rawDocument([{
    method: "get",
    path: "/",
    responses: {
      200: {
        description: "Alone",
        content: { "application/json": { schema } },
      },
    },
  }]);
  const { get } = paths["/"] as { get: Node };
  const { $ref } = contentOf(get).schema;
  const name = typeof $ref === "string" ? $ref.split("/").at(-1)! : undefined;
  return name === undefined
    ? undefined
    : { name, schema: components.schemas[name] };
}

function contentOf(operation: Node): { schema: Node } {
  const { responses } = operation as {
    responses: { 200: { content: { "application/json": { schema: Node } } } };
  };
  return responses[200].content["application/json"];
}

/** The document as the library makes it, before this project finishes it. */
export function rawDocument(
  routes: readonly RouteConfig[],
): { paths: Node; components: { schemas: Node } } {
  const app = new OpenAPIHono();
  for (const route of routes) app.openAPIRegistry.registerPath(route);
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Raw", version: "0" },
  }) as never;
}
