import { equal, match, ok } from "node:assert/strict";
import {
  permissionsOf,
  STAFF_ROLES,
  type StaffRole,
} from "../../src/kernel/permissions.ts";
import { assertProblem, Client, logIn } from "../support/client.ts";
import type { Operation } from "../support/document.ts";
import { send } from "../support/generated_request.ts";
import { forgedTokens, resigned } from "../support/generated_tokens.ts";
import type { Case, Subject } from "./case.ts";

/** Who may call an operation. */
export function accessCases(operation: Operation): Case[] {
  if (operation.isPublic) return [];
  return [
    { name: "without a token it answers 401", run: noToken },
    { name: "with a forged token it answers 401", run: forged },
    { name: "a header that is no Bearer token is 401", run: otherHeaders },
    { name: "naming another clinic is 403", run: otherClinicNamed },
    ...rolesWithout(operation).length > 0
      ? [{
        name: `without ${operation.permission} it answers 403`,
        run: noPermission,
      }]
      : [],
  ];
}

/** Roles that may not call the operation. */
export function rolesWithout({ permission }: Operation): StaffRole[] {
  if (permission === "self") return [];
  return STAFF_ROLES.filter((role) =>
    !(permissionsOf(role) as ReadonlySet<string>).has(permission ?? "")
  );
}

export async function noToken(subject: Subject): Promise<void> {
  const stranger = new Client(subject.world.url);
  const answer = await send(stranger, await subject.request());
  assertProblem(answer, 401, "authentication-required");
  equal(answer.headers.get("www-authenticate"), 'Bearer realm="cloison"');
}

async function forged(subject: Subject): Promise<void> {
  const { world, home, neighbour } = subject;
  const request = await subject.request();
  const { token } = request.sender ?? await logIn(world, home, subject.role);
  const headers = { "x-request-id": "forged" };
  const bodies = new Set<string>();
  const stored = await subject.stored();
  for (const each of await forgedTokens(world, home, neighbour, token)) {
    const client = new Client(world.url, each.token);
    const answer = await send(client, request, { headers });
    equal(answer.status, 401, `${each.name}: ${answer.text}`);
    match(answer.headers.get("www-authenticate")!, /error="invalid_token"/);
    bodies.add(answer.text);
  }
  equal(bodies.size, 1, "what is wrong with a token must not be told");
  equal(JSON.stringify(await subject.stored()), JSON.stringify(stored));
  const again = new Client(world.url, await resigned(world, home, token));
  const { status, text } = await send(again, request);
  ok(status < 300, `the token that was forged from is no good: ${text}`);
}

export async function otherHeaders(subject: Subject): Promise<void> {
  const { token } = await subject.client();
  const stranger = new Client(subject.world.url);
  const request = await subject.request();
  const credentials = [
    "",
    "Bearer",
    token,
    `Basic ${btoa("admin:admin")}`,
    `Bearer ${token} ${token}`,
    `Bearer ${token}, Bearer ${token}`,
    `Bearer ${"A".repeat(8000)}`,
  ];
  for (const authorization of credentials) {
    const answer = await send(stranger, request, {
      headers: { authorization },
    });
    equal(answer.status, 401, `${authorization.slice(0, 20)}: ${answer.text}`);
  }
  for (const search of [`access_token=${token}`, `token=${token}`]) {
    equal((await send(stranger, request, { search })).status, 401);
  }
}

async function otherClinicNamed(subject: Subject): Promise<void> {
  const { id } = subject.neighbour;
  const client = await subject.client();
  const request = await subject.request();
  const attempts = [
    { headers: { "x-clinic-id": id } },
    { search: `clinicId=${id}` },
    ...subject.operation.body
      ? [{ body: { ...request.body as object, clinicId: id } }]
      : [],
  ];
  for (const attempt of attempts) {
    assertProblem(
      await send(client, request, attempt),
      403,
      "clinic-mismatch",
    );
  }
}

async function noPermission(subject: Subject): Promise<void> {
  const request = await subject.request();
  const roles = rolesWithout(subject.operation);
  const clients = await Promise.all(
    roles.map((role) => subject.client(subject.home, role)),
  );
  const stored = await subject.stored();
  for (const [n, role] of roles.entries()) {
    const answer = await send(clients[n]!, request);
    assertProblem(answer, 403, "permission-denied");
    equal(answer.body.permission, subject.operation.permission, role);
    match(
      answer.headers.get("www-authenticate")!,
      /error="insufficient_scope"/,
    );
  }
  equal(JSON.stringify(await subject.stored()), JSON.stringify(stored));
}
