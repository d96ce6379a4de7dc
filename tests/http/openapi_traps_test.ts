import { deepEqual, equal, ok } from "node:assert/strict";
import { createRoute, z } from "@hono/zod-openapi";
import { describeApi } from "../../src/app.ts";
import {
  type Node,
  operationsOf,
} from "../../src/http/document/openapi_nodes.ts";
import { ANY_HOST } from "../../src/http/document/openapi.ts";
import {
  type Declared,
  declaredRoutes,
  rawDocument,
  schemasOf,
} from "../support/declared_routes.ts";
import {
  changedComponents,
  changingAnswers,
  everyPart,
  everySchema,
  flaggedPatterns,
  looseSchemas,
  nullableSchemas,
  textsWithNul,
} from "../support/openapi_traps.ts";

const routes = await declaredRoutes();
const document = describeApi(ANY_HOST) as unknown as Node;
const operations = operationsOf(document);

/** A route with a body, to be caught by a guard. */
function trap(...bodies: z.ZodType[]): Declared[] {
  return bodies.map((schema, n) =>
    createRoute({
      operationId: `trap${n}`,
      method: "post",
      path: `/trap${n}`,
      request: { body: { content: { "application/json": { schema } } } },
      responses: {
        200: {
          description: "Trap",
          content: { "application/json": { schema } },
        },
      },
    })
  );
}

Deno.test("openapi: no schema is nullable in the way that makes null invalid", () => {
  deepEqual(nullableSchemas(routes), []);
  const inner = z.strictObject({ a: z.string() }).openapi("TrapInner");
  const body = z.strictObject({ inner: inner.nullable() });
  deepEqual(nullableSchemas(trap(body)), ["trap0.inner"]);
});

Deno.test("openapi: no component is changed by where it is used first", () => {
  deepEqual(changedComponents(routes), []);
  const used = z.strictObject({ a: z.string() }).openapi("TrapUsed");
  const first = z.strictObject({ used: used.nullable() });
  ok(changedComponents(trap(first, used)).length > 0);
});

Deno.test("openapi: no two schemas have one name", () => {
  deepEqual(changedComponents(routes), []);
  const one = z.strictObject({ a: z.string() }).openapi("TrapTwin");
  const other = z.strictObject({ b: z.string() }).openapi("TrapTwin");
  deepEqual(changedComponents(trap(one, other)), ["trap1: TrapTwin"]);
});

Deno.test("openapi: no schema is made of two that refuse each other's members", () => {
  const joined = everySchema(document).filter(([{ allOf }]) => allOf);
  deepEqual(joined.map(([, where]) => where), []);
  const base = z.strictObject({ a: z.string() }).openapi("TrapBase");
  const [extended] = trap(base.extend({ b: z.string() }).openapi("TrapMore"));
  const raw = rawDocument([extended!]) as unknown as Node;
  equal(everySchema(raw).filter(([{ allOf }]) => allOf).length, 1);
});

Deno.test("openapi: no patch puts a default in for what is absent", () => {
  const patches = routes.filter(({ method }) => method === "patch");
  ok(patches.length > 0);
  for (const { request, operationId } of patches) {
    const media = request!.body!.content["application/merge-patch+json"];
    const { schema } = media as { schema: z.ZodType };
    deepEqual(schema.parse({}), {}, operationId);
  }
  for (const [schema, where] of everySchema(document)) {
    if (where.includes("Patch")) equal(schema.default, undefined, where);
  }
});

Deno.test("openapi: every body is required", () => {
  const bodies = operations.filter(({ operation }) => operation.requestBody);
  ok(bodies.length > 0);
  for (const { operation } of bodies) {
    equal((operation.requestBody as Node).required, true, idOf(operation));
  }
  const writing = operations.filter(({ method }) => method === "patch");
  for (const { operation } of writing) ok(operation.requestBody);
});

Deno.test("openapi: every failure is a problem and nothing else", () => {
  for (const { operation } of operations) {
    for (const [status, response] of Object.entries(operation.responses)) {
      if (Number(status) < 400) continue;
      ok(String(response.$ref).startsWith("#/components/responses/"));
    }
  }
  const { responses } = document.components as Record<string, Node>;
  for (const [name, response] of Object.entries(responses!)) {
    const { content } = response as { content: Node };
    deepEqual(Object.keys(content), ["application/problem+json"], name);
  }
});

Deno.test("openapi: no schema takes what its document does not say", () => {
  deepEqual(looseSchemas(routes), []);
  const loose = [
    z.strictObject({ a: z.coerce.number() }),
    z.strictObject({ a: z.coerce.date() }),
    z.strictObject({ a: z.number() }),
    z.strictObject({ a: z.int32() }),
    z.strictObject({ a: z.bigint().openapi({ type: "string" }) }),
    z.strictObject({ a: z.any() }),
    z.strictObject({ a: z.iso.datetime() }),
    z.strictObject({ a: z.string().default("b") }),
    z.object({ a: z.string() }),
    z.looseObject({ a: z.string() }),
  ];
  for (const schema of loose) {
    equal(
      looseSchemas(trap(schema)).length,
      1,
      JSON.stringify(schema._zod.def),
    );
  }
});

Deno.test("openapi: every number is a whole one with both bounds and a format", () => {
  for (const [schema, where] of everySchema(document)) {
    const types = [schema.type].flat();
    equal(types.includes("number"), false, where);
    if (!types.includes("integer")) continue;
    ok(Number.isSafeInteger(schema.minimum), where);
    ok(Number.isSafeInteger(schema.maximum), where);
    const fits = Number(schema.maximum) < 2 ** 31;
    equal(schema.format, fits ? "int32" : "int64", where);
  }
});

Deno.test("openapi: every pattern is one with and without the u flag", () => {
  deepEqual(flaggedPatterns(routes), []);
  const flagged = trap(z.strictObject({ a: z.string().regex(/^x$/i) }));
  deepEqual(flaggedPatterns(flagged), ["trap0.a: /^x$/i"]);
  for (const [{ pattern }, where] of everySchema(document)) {
    if (typeof pattern !== "string") continue;
    ok(!pattern.startsWith("/"), where);
    ok(!/\\[pP]\{|\\u\{/.test(pattern), `${where} means nothing without u`);
    new RegExp(pattern);
    new RegExp(pattern, "u");
  }
});

Deno.test("openapi: no answer is documented as what goes in", () => {
  deepEqual(changingAnswers(routes), []);
  const changing = z.string().transform(Number).openapi({ type: "string" });
  deepEqual(changingAnswers(trap(changing)), ["trap0", "trap0"]);
});

Deno.test("openapi: an instant may have any offset, and a day must exist", () => {
  const formats = [...everyPart(routes).keys()].map((part) => part._zod.def);
  ok(formats.some((each) => "format" in each && each.format === "datetime"));
  const [day] = schemasOf(route("createPatient")).requests;
  const file = {
    profileStatus: "complete",
    givenNames: "Zoë",
    familyName: "Le Goff",
  };
  equal(day!.safeParse({ ...file, birthDate: "2024-02-29" }).success, true);
  equal(day!.safeParse({ ...file, birthDate: "2026-02-29" }).success, false);
});

Deno.test("openapi: no text that is read may hold a NUL", () => {
  deepEqual(textsWithNul(routes), []);
  const open = trap(z.strictObject({ a: z.string() }));
  deepEqual(textsWithNul(open), ["trap0.a"]);
});

Deno.test("openapi: a member called __proto__ is refused, not set", () => {
  for (const declared of routes) {
    for (const schema of schemasOf(declared).requests) {
      const hostile = JSON.parse('{"__proto__": {"admin": true}}');
      const result = schema.safeParse(hostile);
      if (result.success) deepEqual(Object.keys(result.data as object), []);
      equal(({} as { admin?: boolean }).admin, undefined);
    }
  }
});

Deno.test("openapi: a union says which member tells its branches apart", () => {
  for (const [schema, where] of everySchema(document)) {
    if (Array.isArray(schema.anyOf)) {
      equal(schema.anyOf.length, 2, where);
      equal((schema.anyOf[1] as Node).type, "null", where);
    }
    if (!Array.isArray(schema.oneOf)) continue;
    const { mapping } = schema.discriminator as { mapping: object };
    const branches = schema.oneOf.map(({ $ref }) => $ref).sort();
    const mapped = new Set(Object.values(mapping));
    deepEqual([...mapped].sort(), branches, where);
  }
});

function route(id: string): Declared {
  const found = routes.find(({ operationId }) => operationId === id);
  ok(found, id);
  return found;
}

function idOf(operation: Node): string {
  return String(operation.operationId);
}
