import { deepEqual } from "node:assert/strict";
import { permissionsOf, STAFF_ROLES } from "../../src/kernel/permissions.ts";
import type { Client } from "../support/client.ts";
import { OpenApiDocument, type Operation } from "../support/document.ts";
import { entityFactory } from "../support/generated_entities.ts";
import { LONG_TOKENS, openWorld } from "../support/world.ts";
import { accessCases, rolesWithout } from "./access_cases.ts";
import { bodyCases } from "./body_cases.ts";
import { type Case, Subject } from "./case.ts";
import { pathCases } from "./path_cases.ts";
import { propertyCases } from "./property_cases.ts";
import { requestCases } from "./request_cases.ts";
import { successCases } from "./success_cases.ts";

// The tests of an operation come from the document that the running API publishes: a new route has them at once.

/** Operations that anybody may call: no token, no permission, no clinic to be kept out of. May only shrink. */
const PUBLIC = [
  "acceptInvitation",
  "fetchPatientExport",
  "forgotPassword",
  "login",
  "logout",
  "openConsentLink",
  "refreshSession",
  "refuseConsentByLink",
  "resetPassword",
  "signConsentByLink",
  "withdrawConsentByLink",
];

/** Permissions that every role has, so that nobody can be refused for want of them. May only shrink. */
const EVERYBODYS = [
  "appointments.view",
  "catalogue.view",
  "patients.view",
  "practitioners.view",
  "settings.view",
  "staff.view",
];

const world = await openWorld(LONG_TOKENS);
const document = await OpenApiDocument.fetch(world.url);
const clients = new Map<string, Promise<Client>>();

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

Deno.test("contract: the operations that anybody may call are those that are listed", () => {
  deepEqual(namesOf(({ isPublic }) => isPublic), PUBLIC);
});

Deno.test("contract: every other operation says which permission it needs", () => {
  deepEqual(
    namesOf(({ isPublic, permission }) => !isPublic && !permission),
    [],
  );
  const unmissable = new Set(
    document.clinicOperations
      .filter((each) => !each.isPublic && each.permission !== "self")
      .filter((each) => rolesWithout(each).length === 0)
      .map(({ permission }) => permission),
  );
  deepEqual([...unmissable].sort(), EVERYBODYS);
  deepEqual(
    EVERYBODYS.filter((name) =>
      STAFF_ROLES.some((role) => !permissionsOf(role).has(name as never))
    ),
    [],
  );
});

Deno.test("contract: every parameter in a path has a factory in generated_entities.ts", () => {
  deepEqual(document.clinicOperations.filter((each) => !isCallable(each)), []);
});

for (const operation of document.clinicOperations.filter(isCallable)) {
  const subject = new Subject(world, document, operation, clients);
  const cases: Case[] = [
    ...successCases(operation),
    ...accessCases(operation),
    ...pathCases(operation),
    ...bodyCases(operation),
    ...requestCases(document, operation),
    ...propertyCases(operation),
  ];
  for (const { name, run } of cases) {
    Deno.test(`${operation.id}: ${name}`, () => run(subject));
  }
}

function isCallable({ path }: Operation): boolean {
  return !path.includes("{") || entityFactory(path) !== undefined;
}

function namesOf(which: (operation: Operation) => boolean): string[] {
  return document.clinicOperations.filter(which).map(({ id }) => id).sort();
}
