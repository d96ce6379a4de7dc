import { OpenAPIHono, z } from "@hono/zod-openapi";

export interface DescribedFile {
  /** Of the file, without its `.json`. */
  readonly name: string;
  readonly description: string;
  /** Of one item. */
  readonly item: z.ZodType;
}

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const COMPONENTS = "#/components/schemas/";

/** The JSON Schema of a file of the archive: that of a list of items. OpenAPI 3.1 has the schemas of this dialect. */
export function schemaOf({ name, description, item }: DescribedFile): object {
  const api = new OpenAPIHono();
  api.openAPIRegistry.register("File", z.array(item));
  const { components } = api.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: name, version: "1" },
  });
  const { File, ...parts } = local(components?.schemas ?? {}) as Record<
    string,
    object
  >;
  return {
    $schema: DIALECT,
    title: `${name}.json`,
    description,
    ...File,
    ...(Object.keys(parts).length === 0 ? {} : { $defs: parts }),
  };
}

/** With references into the schema itself, and examples as JSON Schema has them. */
function local(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(local);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => {
      if (name === "example") return ["examples", [value]];
      return name === "$ref" && typeof value === "string"
        ? [name, value.replace(COMPONENTS, "#/$defs/")]
        : [name, local(value)];
    }),
  );
}
