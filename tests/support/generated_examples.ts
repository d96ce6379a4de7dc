import type {
  MediaType,
  OpenApiDocument,
  Operation,
  Schema,
} from "./document.ts";

/** Where a member stands in a body. */
export type Path = readonly (string | number)[];

/**
 * The example that the document gives for a body: of the media type, of its schema, or put together from the examples
 * of its members.
 * @throws {Error} that names the member for which there is none
 */
export function exampleBody(
  document: OpenApiDocument,
  operation: Operation,
): unknown {
  if (!operation.body) return undefined;
  const given = givenExample(operation.body);
  return given === undefined
    ? exampleOf(document, operation.body.schema, operation.id)
    : structuredClone(given.value);
}

/** @throws {Error} that names the member for which the document has no example */
export function exampleOf(
  document: OpenApiDocument,
  schema: Schema,
  where: string,
): unknown {
  const found = find(document, schema, where);
  if (found === undefined) throw new Error(`Cannot find an example: ${where}`);
  return found.value;
}

function givenExample(media: MediaType): { value: unknown } | undefined {
  if (media.example !== undefined) return { value: media.example };
  const [named] = Object.values(media.examples ?? {});
  return named?.value === undefined ? undefined : { value: named.value };
}

function find(
  document: OpenApiDocument,
  schema: Schema,
  where: string,
): { value: unknown } | undefined {
  const resolved = document.resolve(schema);
  const { example, examples, enum: values } = resolved;
  const [value] = [example, examples?.[0], resolved.const, values?.[0]]
    .filter((each) => each !== undefined);
  if (value !== undefined) return { value: structuredClone(value) };
  const branch = (resolved.oneOf ?? resolved.anyOf)?.find((each) =>
    each.type !== "null"
  );
  if (branch) return find(document, branch, where);
  if (resolved.properties) return { value: members(document, resolved, where) };
  if (resolved.type === "array") {
    return { value: [exampleOf(document, resolved.items!, `${where}[]`)] };
  }
  return undefined;
}

function members(
  document: OpenApiDocument,
  { properties = {}, required = [] }: Schema,
  where: string,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(properties)) {
    const found = required.includes(name)
      ? { value: exampleOf(document, schema, `${where}.${name}`) }
      : find(document, schema, `${where}.${name}`);
    if (found) result[name] = found.value;
  }
  return result;
}

/** Where text can stand in a body of this schema, whether or not the example has it there. */
export function textPaths(
  document: OpenApiDocument,
  schema: Schema,
  at: Path = [],
): Path[] {
  const resolved = document.resolve(schema);
  const branches = [
    ...resolved.oneOf ?? [],
    ...resolved.anyOf ?? [],
    ...resolved.allOf ?? [],
  ].flatMap((each) => textPaths(document, each, at));
  const inside = Object.entries(resolved.properties ?? {}).flatMap(
    ([name, each]) => textPaths(document, each, [...at, name]),
  );
  const items = resolved.items
    ? textPaths(document, resolved.items, [...at, 0])
    : [];
  const own = [resolved.type].flat().includes("string") ? [at] : [];
  return unique([...own, ...branches, ...inside, ...items]);
}

/** Where an object stands in a body, the whole body first. */
export function objectPaths(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  const inside = Object.entries(value).flatMap(([name, each]) =>
    objectPaths(each, [...at, Array.isArray(value) ? Number(name) : name])
  );
  return Array.isArray(value) ? inside : [at, ...inside];
}

/** A copy of `body` with `value` at `path`; what is missing on the way there is made. */
export function withValue(body: unknown, path: Path, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const copy: Record<string | number, unknown> = typeof step === "number"
    ? [...(body as unknown[] | undefined ?? [])] as never
    : { ...(body as object | undefined) };
  copy[step] = withValue(copy[step], rest, value);
  return copy;
}

/** As `errors[].pointer` writes it (RFC 6901, as a URI fragment). */
export function pointerOf(path: Path): string {
  const steps = path.map((step) =>
    "/" + String(step).replaceAll("~", "~0").replaceAll("/", "~1")
  );
  return "#" + steps.join("");
}

function unique(paths: Path[]): Path[] {
  return [...new Map(paths.map((path) => [pointerOf(path), path])).values()];
}
