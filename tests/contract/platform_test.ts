import { deepEqual } from "node:assert/strict";
import { OpenApiDocument } from "../support/document.ts";
import { entityFactory } from "../support/generated_entities.ts";
import { forgetPlatform } from "../support/platform.ts";
import { LONG_TOKENS, openWorld } from "../support/world.ts";
import { bodyCases } from "./body_cases.ts";
import type { Case } from "./case.ts";
import {
  platformAccessCases,
  platformPathCases,
  PlatformSubject,
} from "./platform_cases.ts";
import { propertyCases } from "./property_cases.ts";
import { requestCases } from "./request_cases.ts";
import { successCases } from "./success_cases.ts";

// As generated_test.ts, for the operations of the platform.

/** Operations that anybody may call. May only shrink. */
const PUBLIC = [
  "enrolPlatformUser",
  "loginToPlatform",
  "logoutOfPlatform",
  "refreshPlatformSession",
];

const world = await openWorld(LONG_TOKENS);
const document = await OpenApiDocument.fetch(world.url);
const operations = document.platformOperations;
const clients = new Map();

Deno.test.afterAll(async () => {
  await forgetPlatform(world);
  await world[Symbol.asyncDispose]();
});

Deno.test("contract: the operations of the platform that anybody may call are those that are listed", () => {
  const found = operations.filter(({ isPublic }) => isPublic);
  deepEqual(found.map(({ id }) => id).sort(), PUBLIC);
});

Deno.test("contract: every other operation of the platform names a permission, and takes its own tokens only", () => {
  for (const operation of operations.filter((each) => !each.isPublic)) {
    const { security } = document.raw(operation) as never as Record<
      string,
      unknown
    >;
    deepEqual(security, [{ platformToken: [] }], operation.id);
    deepEqual(typeof operation.permission, "string", operation.id);
  }
});

for (const operation of operations) {
  const subject = new PlatformSubject(world, document, operation, clients);
  const cases: Case[] = [
    ...successCases(operation),
    ...platformAccessCases(operation),
    ...platformPathCases(operation),
    ...bodyCases(operation),
    ...requestCases(document, operation),
    ...propertyCases(operation),
  ];
  for (const { name, run } of cases) {
    Deno.test(`${operation.id}: ${name}`, () => run(subject));
  }
}

Deno.test("contract: every parameter in a path of the platform has a factory", () => {
  const without = operations.filter(({ path }) =>
    path.includes("{") && entityFactory(path) === undefined
  );
  deepEqual(without, []);
});
