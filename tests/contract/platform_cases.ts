import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  PLATFORM_ROLES,
  platformPermissionsOf,
  type PlatformRole,
} from "../../src/kernel/platform_permissions.ts";
import { sql } from "../../src/db/sql.ts";
import { assertProblem, Client, logIn } from "../support/client.ts";
import type { Operation } from "../support/document.ts";
import {
  prepare,
  type PreparedRequest,
  send,
} from "../support/generated_request.ts";
import { forgedPlatformTokens } from "../support/generated_tokens.ts";
import { openUser } from "../support/platform.ts";
import { claimsOf } from "../support/sessions.ts";
import { inCentral } from "../support/sql.ts";
import { noToken, otherHeaders } from "./access_cases.ts";
import { type Case, Subject } from "./case.ts";
import { malformed } from "./path_cases.ts";

/** An operation of the platform under test, called by an owner. */
export class PlatformSubject extends Subject {
  override client(): Promise<Client> {
    return this.clientOf("owner");
  }

  /** The same: what an owner has, or asked for, is good for them alone. */
  override freshClient(): Promise<Client> {
    return this.client();
  }

  /** Logged in once for all tests. */
  clientOf(role: PlatformRole): Promise<Client> {
    return this.shared(
      role,
      async () => (await openUser(this.world, role)).client,
    );
  }

  override async request(): Promise<PreparedRequest> {
    const { world, document, operation, home: clinic } = this;
    const client = await this.client();
    return await prepare(document, operation, { world, clinic, client });
  }

  /** What the owner has in the central database, and asked for. */
  override async stored(): Promise<Record<string, string>> {
    const user = claimsOf((await this.client()).token).sub;
    const [row] = await inCentral<Record<string, string>>(
      this.world,
      sql`select
        (select count(*)::text from operations where requested_by = ${user})
          as operations,
        (select string_agg(t::text, ';') from breaches t
          where changed_by = ${user}) as breaches,
        (select count(*)::text from close_confirmations
          where requested_by = ${user}) as confirmations,
        (select count(*)::text from idempotency_keys where user_id = ${user})
          as keys,
        (select string_agg(t::text, ';') from platform_second_factors t
          where user_id = ${user}) as factor,
        (select string_agg(t::text, ';') from platform_users t
          where id = ${user}) as account`,
    );
    return row!;
  }
}

/** Who may call an operation of the platform. */
export function platformAccessCases(operation: Operation): Case[] {
  if (operation.isPublic) return [];
  return [
    { name: "without a token it answers 401", run: noToken },
    { name: "with a forged token it answers 401", run: forged },
    { name: "a header that is no Bearer token is 401", run: otherHeaders },
    { name: "naming a clinic beside the token is 403", run: clinicNamed },
    ...rolesWithout(operation).length > 0
      ? [{
        name: `without ${operation.permission} it answers 403`,
        run: noPermission,
      }]
      : [],
  ];
}

/** What stands in the path. */
export function platformPathCases({ path }: Operation): Case[] {
  if (!path.includes("{")) return [];
  return [
    { name: "an id that nobody has is 404", run: nobodys },
    { name: "what is no id is refused", run: malformed },
  ];
}

function rolesWithout({ permission }: Operation): PlatformRole[] {
  if (permission === "self") return [];
  return PLATFORM_ROLES.filter((role) =>
    !(platformPermissionsOf(role) as ReadonlySet<string>).has(permission ?? "")
  );
}

async function forged(subject: Subject): Promise<void> {
  const { world, home } = subject;
  const request = await subject.request();
  const { token } = await subject.client();
  const stored = await subject.stored();
  const headers = { "x-request-id": "forged" };
  const bodies = new Set<string>();
  const tokens = [
    { name: "a clinic's", token: (await logIn(world, home)).token },
    ...await forgedPlatformTokens(world, home, token),
  ];
  for (const { name, token } of tokens) {
    const client = new Client(world.url, token);
    const answer = await send(client, request, { headers });
    equal(answer.status, 401, `${name}: ${answer.text}`);
    match(answer.headers.get("www-authenticate")!, /error="invalid_token"/);
    bodies.add(answer.text);
  }
  equal(bodies.size, 1, "what is wrong with a token must not be told");
  deepEqual(await subject.stored(), stored);
  const sender = request.sender ?? await subject.client();
  const { status, text } = await send(sender, request);
  ok(status < 300, text);
}

async function clinicNamed(subject: Subject): Promise<void> {
  const headers = { "x-clinic-id": subject.home.id };
  const request = await subject.request();
  const client = request.sender ?? await subject.client();
  const answer = await send(client, request, { headers });
  assertProblem(answer, 403, "clinic-mismatch");
}

async function noPermission(subject: Subject): Promise<void> {
  const platform = subject as PlatformSubject;
  const request = await subject.request();
  for (const role of rolesWithout(subject.operation)) {
    const answer = await send(await platform.clientOf(role), request);
    assertProblem(answer, 403, "permission-denied");
    equal(answer.body.permission, subject.operation.permission, role);
  }
}

async function nobodys(subject: Subject): Promise<void> {
  const request = await subject.request();
  const client = await subject.client();
  const values = Object.fromEntries(
    Object.keys(request.values).map((name) => [name, crypto.randomUUID()]),
  );
  const answer = await send(client, request, { values });
  assertProblem(answer, 404, "not-found");
}
