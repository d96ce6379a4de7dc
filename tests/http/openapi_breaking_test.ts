import { deepEqual, equal } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { describeApi } from "../../src/app.ts";
import type { Node } from "../../src/http/document/openapi_nodes.ts";
import { ANY_HOST } from "../../src/http/document/openapi.ts";
import { breakingChanges } from "../../scripts/openapi/breaking_changes.ts";
import { findings } from "../../scripts/openapi/check.ts";
import { DOCUMENT_PATH } from "../../scripts/openapi/document.ts";
import { earlierDocument } from "../../scripts/openapi/earlier.ts";

// deno-lint-ignore no-explicit-any
type Loose = any;

/** A small document with one of everything. */
function documentOf(): Loose {
  return {
    openapi: "3.1.0",
    paths: {
      "/things": {
        post: {
          operationId: "createThing",
          security: [{ accessToken: [] }],
          "x-required-permission": "things.create",
          parameters: [{
            name: "sort",
            in: "query",
            schema: { type: "string", enum: ["a", "b"] },
          }],
          requestBody: {
            required: true,
            content: {
              "application/json": { schema: ref("ThingCreate") },
              "application/xml": { schema: ref("ThingCreate") },
            },
          },
          responses: {
            "201": {
              headers: { ETag: { schema: { type: "string" } } },
              content: { "application/json": { schema: ref("Thing") } },
            },
            "409": { $ref: "#/components/responses/Conflict" },
          },
        },
        get: { operationId: "listThings", security: [], responses: {} },
      },
    },
    components: {
      responses: {
        Conflict: {
          content: {
            "application/problem+json": { schema: ref("Problem") },
          },
        },
      },
      schemas: {
        Problem: object({ type: { type: "string", enum: ["/p/a", "/p/b"] } }),
        ThingCreate: object({
          name: { type: "string", minLength: 1, maxLength: 10 },
          kind: { type: "string", enum: ["x", "y"] },
          size: { type: "integer", format: "int32", minimum: 0, maximum: 9 },
          note: { anyOf: [{ type: "string" }, { type: "null" }] },
          tags: { type: "array", maxItems: 3, items: { type: "string" } },
        }, ["name"]),
        Thing: object({
          name: { type: "string", maxLength: 10 },
          parent: ref("Thing"),
          note: { type: "string" },
        }, ["name", "note"]),
      },
    },
  };
}

function ref(name: string): Node {
  return { $ref: `#/components/schemas/${name}` };
}

function object(properties: Node, required: string[] = []): Node {
  return { type: "object", properties, required };
}

function changesAfter(edit: (document: Loose) => void): string[] {
  const after = documentOf();
  edit(after);
  return breakingChanges(documentOf(), after);
}

const create = (document: Loose) => document.paths["/things"].post;
const schemas = (document: Loose) => document.components.schemas;
const body = "createThing body";

Deno.test.each([
  [
    "a removed path",
    (d: Loose) => delete d.paths["/things"],
    ["POST /things: removed", "GET /things: removed"].reverse(),
  ],
  [
    "a removed operation",
    (d: Loose) => delete d.paths["/things"].get,
    ["GET /things: removed"],
  ],
  [
    "another operationId",
    (d: Loose) => create(d).operationId = "makeThing",
    ["createThing: operationId became makeThing"],
  ],
  [
    "a token where none was wanted",
    (d: Loose) => d.paths["/things"].get.security = [{ accessToken: [] }],
    ["listThings: wants a token"],
  ],
  [
    "another permission",
    (d: Loose) => create(d)["x-required-permission"] = "things.admin",
    ["createThing: wants the permission things.admin"],
  ],
  [
    "a removed status",
    (d: Loose) => delete create(d).responses["409"],
    ["createThing 409: removed"],
  ],
  [
    "a removed header",
    (d: Loose) => delete create(d).responses["201"].headers.ETag,
    ["createThing 201 header ETag: removed"],
  ],
  [
    "a removed media type",
    (d: Loose) => delete create(d).requestBody.content["application/xml"],
    [`${body} application/xml: removed`],
  ],
  [
    "a removed parameter",
    (d: Loose) => create(d).parameters = [],
    ["createThing query parameter sort: removed"],
  ],
  [
    "a new required parameter",
    (d: Loose) =>
      create(d).parameters.push({ name: "q", in: "query", required: true }),
    ["createThing query parameter q: is required now"],
  ],
  [
    "a removed value of a parameter",
    (d: Loose) => create(d).parameters[0].schema.enum = ["a"],
    ['createThing query parameter sort: value "b" removed'],
  ],
  [
    "a removed member of a body",
    (d: Loose) => delete schemas(d).ThingCreate.properties.kind,
    [`${body}.kind: removed`],
  ],
  [
    "a new required member of a body",
    (d: Loose) => schemas(d).ThingCreate.required.push("kind"),
    [`${body}.kind: is required now`],
  ],
  [
    "a removed value of a body's member",
    (d: Loose) => schemas(d).ThingCreate.properties.kind.enum = ["x"],
    [`${body}.kind: value "y" removed`],
  ],
  [
    "certain values where any was taken",
    (d: Loose) => schemas(d).ThingCreate.properties.name.enum = ["x"],
    [`${body}.name: only certain values now`],
  ],
  [
    "null that is no longer taken",
    (d: Loose) => schemas(d).ThingCreate.properties.note = { type: "string" },
    [`${body}.note: no longer takes null`],
  ],
  [
    "another type",
    (d: Loose) => schemas(d).ThingCreate.properties.name = { type: "integer" },
    [`${body}.name: no longer takes string`],
  ],
  [
    "narrower limits",
    (d: Loose) => {
      const { name, size, tags } = schemas(d).ThingCreate.properties;
      Object.assign(name, { minLength: 2, maxLength: 9, pattern: "^a" });
      Object.assign(size, { minimum: 1, maximum: 8, format: "int64" });
      tags.maxItems = 2;
      tags.items.maxLength = 5;
    },
    [
      `${body}.name: pattern became ^a`,
      `${body}.name: maxLength became 9`,
      `${body}.name: minLength became 2`,
      `${body}.size: format int32 became int64`,
      `${body}.size: maximum became 8`,
      `${body}.size: minimum became 1`,
      `${body}.tags: maxItems became 2`,
      `${body}.tags[]: maxLength became 5`,
    ],
  ],
  [
    "a removed member of an answer",
    (d: Loose) => delete schemas(d).Thing.properties.parent,
    ["createThing 201.parent: removed"],
  ],
  [
    "a member of an answer that may be absent",
    (d: Loose) => schemas(d).Thing.required = ["name"],
    ["createThing 201.note: may be absent"],
  ],
  [
    "a member of an answer that may be null",
    (d: Loose) => schemas(d).Thing.properties.note.type = ["string", "null"],
    ["createThing 201.note: may now be null"],
  ],
  [
    "a problem that is gone",
    (d: Loose) => schemas(d).Problem.properties.type.enum = ["/p/a"],
    ['createThing 409.type: value "/p/b" removed'],
  ],
  [
    "a renamed schema",
    (d: Loose) => {
      schemas(d).Item = schemas(d).Thing;
      delete schemas(d).Thing;
      create(d).responses["201"].content["application/json"].schema = ref(
        "Item",
      );
      schemas(d).Item.properties.parent = ref("Item");
    },
    ["schema Thing: removed"],
  ],
] as [string, (document: Loose) => unknown, string[]][])(
  "openapi: %s breaks clients",
  (_name, edit, expected) => {
    deepEqual(changesAfter(edit).sort(), [...expected].sort());
  },
);

Deno.test.each([
  [
    "a new operation",
    (d: Loose) => d.paths["/more"] = { get: d.paths["/things"].get },
  ],
  ["a new status", (d: Loose) => create(d).responses["422"] = {}],
  [
    "a new optional parameter",
    (d: Loose) => create(d).parameters.push({ name: "q", in: "query" }),
  ],
  [
    "a new optional member of a body",
    (d: Loose) => schemas(d).ThingCreate.properties.more = { type: "string" },
  ],
  [
    "a new member of an answer",
    (d: Loose) => schemas(d).Thing.properties.more = { type: "string" },
  ],
  [
    "a member that need not be sent any more",
    (d: Loose) => schemas(d).ThingCreate.required = [],
  ],
  [
    "wider limits",
    (d: Loose) => {
      schemas(d).ThingCreate.properties.name.maxLength = 20;
      schemas(d).ThingCreate.properties.size.minimum = -1;
    },
  ],
  [
    "a new value",
    (d: Loose) => schemas(d).ThingCreate.properties.kind.enum.push("z"),
  ],
  [
    "a new problem",
    (d: Loose) => schemas(d).Problem.properties.type.enum.push("/p/c"),
  ],
  ["other words", (d: Loose) => create(d).summary = "Other words"],
] as [string, (document: Loose) => unknown][])(
  "openapi: %s breaks nobody",
  (_name, edit) => {
    deepEqual(changesAfter(edit), []);
  },
);

Deno.test("openapi: the document itself can be compared, whatever refers to itself", () => {
  const document = describeApi(ANY_HOST) as unknown as Node;
  deepEqual(breakingChanges(document, structuredClone(document)), []);
  const { paths: _gone, ...rest } = document;
  const count = breakingChanges(document, { ...rest, paths: {} }).length;
  equal(
    count,
    Object.values(document.paths as Node).flatMap(Object.keys as never).length,
  );
});

Deno.test("openapi: a breaking change passes when it is declared with a reason, and only while it is one", () => {
  const after = documentOf();
  delete after.paths["/things"].get;
  const [before, present] = [documentOf(), after].map((each) =>
    JSON.stringify(each)
  );
  const change = "GET /things: removed";
  const undeclared = [`Breaks clients and is not declared: ${change}`];
  deepEqual(findings(present!, before, []), undeclared);
  deepEqual(findings(present!, before, [{ change, reason: " " }]), undeclared);
  const declared = [{ change, reason: "Nobody ever called it" }];
  deepEqual(findings(present!, before, declared), []);
  deepEqual(findings(before!, before, declared), [
    `Is declared and breaks nothing, remove: ${change}`,
  ]);
  deepEqual(findings(present!, undefined, []), []);
});

Deno.test("openapi: the document before is found whether or not the present one is committed", async () => {
  const path = await Deno.makeTempDir();
  const folder = pathToFileURL(`${path}/`);
  try {
    await git("init", "--quiet");
    await commit("{}", "README.md");
    equal(await earlierDocument("one", folder), undefined);
    await commit("one", DOCUMENT_PATH);
    equal(await earlierDocument("one", folder), undefined);
    equal(await earlierDocument("two", folder), "one");
    await commit("two", DOCUMENT_PATH);
    equal(await earlierDocument("two", folder), "one");
    equal(await earlierDocument("three", folder), "two");
  } finally {
    await Deno.remove(path, { recursive: true });
  }

  async function commit(text: string, name: string): Promise<void> {
    const file = new URL(name, folder);
    await Deno.mkdir(new URL(".", file), { recursive: true });
    await Deno.writeTextFile(file, text);
    await git("add", name);
    await git("commit", "--quiet", "--no-verify", "--message", name);
  }

  async function git(...args: string[]): Promise<void> {
    const { success, stderr } = await new Deno.Command("git", {
      args: ["-c", "user.name=Test", "-c", "user.email=test@test", ...args],
      cwd: folder,
    }).output();
    equal(success, true, new TextDecoder().decode(stderr));
  }
});
