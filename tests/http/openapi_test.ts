import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Metrics } from "../../src/http/edge/metrics.ts";
import { type AppDependencies, createApp, describeApi } from "../../src/app.ts";
import {
  isNode,
  type Node,
  operationsOf,
  resolve,
} from "../../src/http/document/openapi_nodes.ts";
import { ANY_HOST } from "../../src/http/document/openapi.ts";
import { PERMISSIONS } from "../../src/kernel/permissions.ts";
import { PLATFORM_PERMISSIONS } from "../../src/kernel/platform_permissions.ts";
import { DOCUMENT_PATH, documentText } from "../../scripts/openapi/document.ts";
import { declaredRoutes } from "../support/declared_routes.ts";
import { everySchema } from "../support/openapi_traps.ts";
import { DocumentValidator } from "../support/openapi_validator.ts";

const document = describeApi(ANY_HOST) as unknown as Node;
const operations = operationsOf(document);
const components = document.components as Record<string, Record<string, Node>>;
const validator = new DocumentValidator(document);

/** Mounted outside of `/v1`, for machines and for reading; not part of the contract. May only shrink. */
const UNDOCUMENTED = [
  "GET /.well-known/api-catalog",
  "GET /.well-known/jwks.json",
  "GET /.well-known/security.txt",
  "GET /docs",
  "GET /docs/scalar.js",
  "GET /livez",
  "GET /openapi.json",
  "GET /problems/:code",
  "GET /readyz",
];

/** Operations that want no token. */
const PUBLIC =
  /^(login|refresh\w*|logout|forgot\w*|reset\w*|acceptInvitation|loginToPlatform|logoutOfPlatform|enrolPlatformUser|openConsentLink|\w+ConsentByLink|fetchPatientExport)$/;

Deno.test("openapi: the committed document is the one that the code makes", async () => {
  const kept = new URL(`../../${DOCUMENT_PATH}`, import.meta.url);
  const text = await Deno.readTextFile(kept);
  ok(text === documentText(), "stale: run `deno task openapi`");
  equal(documentText(), documentText());
});

Deno.test("openapi: the committed document names no server", () => {
  const text = documentText();
  deepEqual((document.servers as Node[]).map(({ url }) => url), [ANY_HOST]);
  equal(/127\.0\.0\.1|https?:\/\/localhost/.test(text), false);
});

Deno.test("openapi: every mounted route is documented, and every documented one is mounted", () => {
  // Mounting uses nothing of what requests need.
  const app = createApp(
    {
      corsOrigins: [],
      securityContact: undefined,
      time: { requestMilliseconds: 1_000, bodyMilliseconds: 1_000 },
      metrics: new Metrics({ budgets: () => new Map() }),
    } as unknown as AppDependencies,
  );
  const mounted = new Set(
    app.routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path}`),
  );
  const documented = operations.map(({ method, path }) =>
    `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`
  );
  deepEqual([...mounted].sort(), [...documented, ...UNDOCUMENTED].sort());
});

Deno.test("openapi: every declared route is mounted", async () => {
  const declared = (await declaredRoutes()).map((route) => route.operationId);
  const documented = operations.map(({ operation }) => operation.operationId);
  deepEqual(declared.sort(), documented.sort());
});

Deno.test("openapi: every operation has an id, one known tag, a summary and a description", () => {
  const tags = (document.tags as Node[]).map(({ name }) => name);
  const ids = operations.map(({ operation }) => String(operation.operationId));
  equal(new Set(ids).size, ids.length);
  for (const { operation } of operations) {
    const id = String(operation.operationId);
    match(id, /^[a-z]+([A-Z][a-z0-9]*)*$/);
    const [tag, ...more] = operation.tags as string[];
    deepEqual(more, [], id);
    ok(tags.includes(tag), id);
    match(String(operation.summary), /^[A-Z0-9].*[^.]$/, id);
    match(operation.description, /^[A-Z].*\S$/s, id);
  }
  const used = new Set(operations.flatMap(({ operation }) => operation.tags));
  deepEqual([...used].sort(), [...tags].sort());
});

Deno.test("openapi: every operation says what it wants: a token and a permission, or nothing", () => {
  deepEqual(document.security, [{ accessToken: [] }]);
  for (const { path, operation } of operations) {
    const id = String(operation.operationId);
    const permission = operation["x-required-permission"];
    if (PUBLIC.test(id)) {
      deepEqual(operation.security, [], id);
      equal(permission, undefined, id);
      continue;
    }
    const isPlatform = path.startsWith("/v1/platform/");
    const scheme = isPlatform ? "platformToken" : "accessToken";
    deepEqual(operation.security, [{ [scheme]: [] }], id);
    const permissions = isPlatform ? PLATFORM_PERMISSIONS : PERMISSIONS;
    ok([...permissions, "self"].includes(permission as "self"), id);
    for (const status of [401, 403]) ok(operation.responses[status], id);
  }
});

Deno.test("openapi: every operation answers one thing when it succeeds, and says how it can fail", () => {
  for (const { method, path, operation } of operations) {
    const id = String(operation.operationId);
    const statuses = Object.keys(operation.responses);
    equal(statuses.filter((each) => each.startsWith("2")).length, 1, id);
    for (const status of ["406", "422", "429", "500", "503"]) {
      ok(statuses.includes(status), `${id} ${status}`);
    }
    if (operation.requestBody) {
      equal(method === "get", false, id);
      for (const status of ["400", "413", "415"]) {
        ok(statuses.includes(status), `${id} ${status}`);
      }
    }
    if (path.includes("{")) ok(statuses.includes("404"), id);
    const conditional = JSON.stringify(operation.parameters ?? [])
      .includes("/IfMatch");
    for (const status of ["412", "428"]) {
      equal(statuses.includes(status), conditional, `${id} ${status}`);
    }
    ok((operation["x-problems"] as string[]).length > 0, id);
  }
});

Deno.test("openapi: nothing but named components stands in a body", () => {
  for (const { operation } of operations) {
    const bodies = [operation.requestBody as Node | undefined];
    for (const response of Object.values(operation.responses)) {
      if (!response.$ref) bodies.push(response);
    }
    for (const body of bodies) {
      const content = (body?.content ?? {}) as Record<string, { schema: Node }>;
      for (const { schema } of Object.values(content)) {
        ok(schema.$ref, String(operation.operationId));
      }
    }
  }
  for (const [schema, where] of everySchema(document)) {
    const isComponent = /^#\/components\/schemas\/\w+$/.test(where);
    if (isNode(schema.properties)) ok(isComponent, `${where} has no name`);
  }
});

Deno.test("openapi: no answer has two components, and no component is unused", () => {
  const text = JSON.stringify(document);
  for (const [kind, named] of Object.entries(components)) {
    if (kind === "securitySchemes") continue;
    const shapes = new Map<string, string>();
    for (const [name, each] of Object.entries(named)) {
      const { description: _, example: _2, examples: _3, ...rest } = each;
      const shape = JSON.stringify(rest);
      // Two requests may look alike for now and mean different things.
      if (kind === "schemas" && isAnswer(name)) {
        equal(shapes.get(shape), undefined, `${name} is there twice`);
      }
      shapes.set(shape, name);
    }
    for (const name of Object.keys(named)) {
      ok(text.includes(`"#/components/${kind}/${name}"`), `${kind} ${name}`);
    }
  }
});

Deno.test("openapi: every member, parameter and header is described", () => {
  for (const [schema, where] of everySchema(components as unknown as Node)) {
    for (const [name, raw] of Object.entries(schema.properties ?? {})) {
      const described = resolve(document, raw as Node);
      match(String(described.description), /^\S.*\S$/s, `${where}.${name}`);
    }
  }
  for (const kind of ["schemas", "parameters", "headers", "responses"]) {
    for (const [name, each] of Object.entries(components[kind]!)) {
      match(String(each.description), /^\S.*\S$/s, `${kind} ${name}`);
    }
  }
  for (const parameter of everyParameter()) {
    match(String(parameter.description), /^\S.*\S$/s, String(parameter.name));
  }
});

Deno.test("openapi: every component has an example, and every example is valid", () => {
  let checked = 0;
  for (const [name, schema] of Object.entries(components.schemas!)) {
    const [example, ...more] = schema.examples as unknown[];
    deepEqual(more, [], name);
    equal(validator.component(name)(example), undefined, name);
  }
  for (const [schema, where] of everySchema(document)) {
    for (const example of (schema.examples ?? []) as unknown[]) {
      equal(validator.of(schema)(example), undefined, where);
      checked++;
    }
  }
  for (const each of [...everyParameter(), ...everyHeader()]) {
    ok("example" in each, `${each.name ?? each.description}: no example`);
    equal(validator.of(each.schema)(each.example), undefined);
    checked++;
  }
  ok(checked > 50);
});

Deno.test("openapi: every problem has an example that its status's schema describes", () => {
  const shown = new Set<unknown>();
  for (const response of Object.values(components.responses!)) {
    const { content } = response as {
      content: Record<string, { schema: Node; examples: Node }>;
    };
    const { schema, examples } = content["application/problem+json"]!;
    for (const [code, example] of Object.entries(examples)) {
      const { value } = example as { value: Node };
      equal(value.type, `/problems/${code}`);
      equal(validator.of(schema)(value), undefined, code);
      shown.add(code);
    }
  }
  for (const { operation } of operations) {
    for (const code of operation["x-problems"] as string[]) {
      ok(shown.has(code), code);
    }
  }
});

Deno.test("openapi: what may be null may be absent only where it is sent", () => {
  for (const [name, schema] of Object.entries(components.schemas!)) {
    if (!isAnswer(name)) continue;
    const nullable = Object.entries(schema.properties ?? {})
      .filter(([, member]) => JSON.stringify(member).includes('"null"'))
      .map(([member]) => member);
    const required = new Set(schema.required as string[]);
    deepEqual(nullable.filter((each) => !required.has(each)), [], name);
  }
});

function everyParameter(): Node[] {
  return operations.flatMap(({ operation }) =>
    (operation.parameters ?? []).map((each) => resolve(document, each))
  );
}

function everyHeader(): Node[] {
  const responses = [
    ...operations.flatMap(({ operation }) =>
      Object.values(operation.responses)
    ),
    ...Object.values(components.responses!),
  ];
  return responses.flatMap(({ headers }) =>
    Object.values((headers ?? {}) as Record<string, Node>)
      .map((each) => resolve(document, each))
  );
}

/** Whether a component is (in) what a successful operation answers. */
function isAnswer(name: string): boolean {
  return operations.some(({ operation }) =>
    Object.values(operation.responses).some((response) =>
      JSON.stringify(response).includes(`"#/components/schemas/${name}"`)
    )
  );
}
