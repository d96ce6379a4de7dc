import {
  permissionsOf,
  STAFF_ROLES,
  type StaffRole,
} from "../../src/kernel/permissions.ts";
import type { Answer, Client } from "./client.ts";
import type { OpenApiDocument, Operation } from "./document.ts";
import { exampleBody, exampleOf } from "./generated_examples.ts";
import {
  bodyFor,
  entityFactory,
  freshened,
  type PathValues,
  type Place,
  senderFor,
} from "./generated_entities.ts";

/** A request that is right in everything; a test spoils one thing in it. */
export interface PreparedRequest {
  readonly operation: Operation;
  readonly values: PathValues;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Who must send it, if not just anybody who may. */
  readonly sender: Client | undefined;
}

/** Makes a valid request of an operation, and what it names in its path. */
export async function prepare(
  document: OpenApiDocument,
  operation: Operation,
  place: Place,
): Promise<PreparedRequest> {
  const { path, parameters, body } = operation;
  const values = path.includes("{") ? await entityFactory(path)!(place) : {};
  const examples = new Map(
    parameters.filter(({ required, in: place }) => required && place !== "path")
      .map(({ name, schema, example }) => [
        name,
        String(example ?? exampleOf(document, schema, name)),
      ]),
  );
  const headers: Record<string, string> = {
    ...named("header"),
    ...(has("if-match") ? { "if-match": "*" } : {}),
    ...(has("idempotency-key")
      ? { "idempotency-key": crypto.randomUUID() }
      : {}),
    ...(body ? { "content-type": body.mediaType } : {}),
  };
  return {
    operation,
    values,
    query: named("query"),
    headers,
    body: await bodyFor(operation.id, place) ??
      freshened(exampleBody(document, operation)),
    sender: await senderFor(operation.id, place),
  };

  function has(header: string): boolean {
    return hasHeader(operation, header);
  }

  function named(place: "header" | "query"): Record<string, string> {
    return Object.fromEntries(
      parameters.filter((each) => each.in === place && examples.has(each.name))
        .map(({ name }) => [name.toLowerCase(), examples.get(name)!]),
    );
  }
}

/** The first role that may call an operation, admins first; of one that everybody may call, admins. */
export function roleFor({ permission = "self" }: Operation): StaffRole {
  return STAFF_ROLES.find((role) =>
    (permissionsOf(role) as ReadonlySet<string>).has(permission)
  ) ?? "admin";
}

/** Whether an operation documents a request header. */
export function hasHeader(operation: Operation, header: string): boolean {
  return operation.parameters.some(({ in: place, name }) =>
    place === "header" && name.toLowerCase() === header
  );
}

/** What to send besides, or instead of, what was prepared. */
export interface Spoiled {
  readonly method?: string;
  readonly values?: PathValues;
  /** Appended as it is. */
  readonly search?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly raw?: BodyInit;
}

export function send(
  client: Client,
  prepared: PreparedRequest,
  spoiled: Spoiled = {},
): Promise<Answer> {
  const { operation, values, query, headers } = prepared;
  const body = "body" in spoiled ? spoiled.body : prepared.body;
  const raw = spoiled.raw ?? (body === undefined ? undefined : bytesOf(body));
  return client.send(
    spoiled.method ?? operation.method,
    pathOf(operation, { ...values, ...spoiled.values }) +
      searchOf(query, spoiled.search),
    {
      headers: defined({ ...headers, ...spoiled.headers }),
      ...(raw === undefined ? {} : { raw }),
    },
  );
}

/** JSON as bytes: a string would bring a content type along. */
export function bytesOf(body: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(body));
}

/** The path of an operation with values for its parameters, which are put in as they are. */
export function pathOf(operation: Operation, values: PathValues): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, (_match, name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Cannot fill in {${name}}`);
    return value;
  });
}

function searchOf(
  query: Readonly<Record<string, string>>,
  more: string | undefined,
): string {
  const parts = [new URLSearchParams(query).toString(), more ?? ""]
    .filter((part) => part !== "");
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

function defined(
  headers: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
}
