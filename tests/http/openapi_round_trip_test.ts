import { deepEqual, equal, ok } from "node:assert/strict";
import type { z } from "@hono/zod-openapi";
import fc from "fast-check";
import { describeApi } from "../../src/app.ts";
import { networksOf } from "../../src/audit/networks.ts";
import {
  type Node,
  type Operation,
  operationsOf,
  resolve,
} from "../../src/http/document/openapi_nodes.ts";
import { ANY_HOST } from "../../src/http/document/openapi.ts";
import { declaredRoutes } from "../support/declared_routes.ts";
import { DocumentValidator } from "../support/openapi_validator.ts";
import { valuesOf } from "../support/openapi_values.ts";

const document = describeApi(ANY_HOST) as unknown as Node;
const validator = new DocumentValidator(document);
const routes = new Map(
  (await declaredRoutes()).map((route) => [route.operationId, route]),
);
const RUNS = 400;
/** Of these, so many must be valid: the more members a body has, the fewer made of chance are. */
const VALID = 10;

/** What the validators refuse and the document cannot say, and of which text. */
const BEYOND_SCHEMA: Readonly<Record<string, (text: string) => boolean>> = {
  // The key of a social security number, and its months and départements.
  "nir-key": (text) => FIFTEEN.test(text),
  "nir-format": (text) => FIFTEEN.test(text),
  // Noncharacters above U+FFFF: a pattern without the u flag cannot name them.
  "control-character": (text) =>
    [...text].some((each) =>
      each.length === 2 && /\p{Noncharacter_Code_Point}/u.test(each)
    ),
  // Text that is longer once it is normalised.
  "too-big": (text) => [...text.normalize("NFC")].length > [...text].length,
  // An address, with a prefix length that fits its family.
  network: (text) => networksOf(text) === undefined,
  // What one member says of another.
  "allergies-differ": (text) => text !== "",
};

const FIFTEEN = /(?:\d[\s.]*){6}[0-9AB][\s.]*(?:\d[\s.]*){8}/i;

for (const { operation } of operationsOf(document)) {
  const id = String(operation.operationId);
  const route = routes.get(id)!;

  for (
    const [type, media] of Object.entries(contentOf(operation.requestBody))
  ) {
    Deno.test(`openapi: ${id} reads the bodies that the document describes, and no others`, () => {
      const zod = inContent(route.request?.body, type);
      const counts = agree(media.schema, zod, (value) => value);
      ok(counts.taken > VALID, `only ${counts.taken} were valid`);
      ok(counts.refused > RUNS / 10, `only ${counts.refused} were not`);
    });
  }

  for (const parameter of parametersOf(operation)) {
    Deno.test(`openapi: ${id} reads the ${parameter.name} that the document describes`, () => {
      const { query, params } = route.request ?? {};
      const group = (parameter.in === "query" ? query : params) as z.ZodObject;
      const zod = group.shape[parameter.name as string] as z.ZodType;
      const schema = parameter.schema as Node;
      agree(schema, zod, (value) => asSent(value, schema));
    });
  }

  for (const [status, response] of Object.entries(operation.responses)) {
    for (const [type, { schema }] of Object.entries(contentOf(response))) {
      Deno.test(`openapi: ${id} can answer ${status} with the example of the document`, () => {
        const [example] = resolve(document, schema).examples as unknown[];
        equal(validator.of(schema)(example), undefined);
        const zod = inContent(route.responses[status], type);
        deepEqual(zod.parse(example), example);
        const more = { ...example as object, unknown: 1 };
        equal(zod.safeParse(more).success, false);
        ok(validator.of(schema)(more));
      });
    }
  }
}

/** Values are judged alike by the document and by the validator, as `sent` puts them. */
function agree(
  schema: Node,
  zod: z.ZodType,
  sent: (value: unknown) => unknown,
): { taken: number; refused: number } {
  const check = validator.of(schema);
  const counts = { taken: 0, refused: 0 };
  const values = valuesOf(document, schema);
  fc.assert(
    fc.property(values, (value) => {
      const given = sent(JSON.parse(JSON.stringify(value ?? null)));
      const refusal = check(asRead(given, schema));
      const result = zod.safeParse(given);
      counts[result.success ? "taken" : "refused"]++;
      if (result.success) equal(refusal, undefined);
      else if (refusal === undefined) onlyBeyondSchema(result.error, given);
    }),
    { numRuns: RUNS },
  );
  return counts;
}

function onlyBeyondSchema({ issues }: z.ZodError, value: unknown): void {
  for (const issue of issues) {
    const { params } = issue as { params?: { code?: string } };
    const text = issue.path.reduce(
      (part, step) => (part as Record<PropertyKey, unknown>)[step],
      value,
    );
    const allows = BEYOND_SCHEMA[params?.code ?? ""];
    ok(allows?.(String(text)), JSON.stringify(issue));
  }
}

function contentOf(body: unknown): Record<string, { schema: Node }> {
  const { content, $ref } = (body ?? {}) as Node;
  return $ref ? {} : (content ?? {}) as Record<string, { schema: Node }>;
}

function inContent(body: unknown, type: string): z.ZodType {
  const { content } = body as { content: Record<string, { schema: unknown }> };
  return content[type]!.schema as z.ZodType;
}

function parametersOf(operation: Operation): Node[] {
  return (operation.parameters ?? [])
    .map((each) => resolve(document, each))
    .filter((each) => each.in !== "header");
}

/** In a path or a query everything is text. */
function asSent(value: unknown, schema: Node): unknown {
  return typeof value === "object"
    ? String(schema.default ?? "x")
    : String(value);
}

/** A client writes an integer with its digits alone. */
function asRead(sent: unknown, schema: Node): unknown {
  const isDigits = typeof sent === "string" && /^(0|-?[1-9]\d*)$/.test(sent);
  return schema.type === "integer" && isDigits ? Number(sent) : sent;
}
