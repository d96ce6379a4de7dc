import {
  isNode,
  type Node,
  type Operation,
  operationsOf,
  resolve,
} from "../../src/http/document/openapi_nodes.ts";
import { schemaChanges } from "./schema_changes.ts";

type Pair = readonly [before: Node, after: Node];

/**
 * What a client of the document `before` can no longer rely on in `after`, each as one line that names where. What
 * `/v1` may gain (operations, members of answers, values in answers, problems, statuses) is not among it.
 */
export function breakingChanges(before: Node, after: Node): string[] {
  const kept = new Map(
    operationsOf(after).map(({ method, path, operation }) => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
  const changes = operationsOf(before).flatMap(
    ({ method, path, operation }) => {
      const where = `${method.toUpperCase()} ${path}`;
      const now = kept.get(where);
      return now
        ? operationChanges(operation, now, [before, after])
        : [`${where}: removed`];
    },
  );
  return [...new Set([...changes, ...componentChanges(before, after)])];
}

/** Generated clients call their types by the names of the components. */
function componentChanges(before: Node, after: Node): string[] {
  const [was, is] = [before, after].map((document) =>
    Object.keys((document.components as Record<string, Node>).schemas ?? {})
  );
  const left = new Set(is);
  return was!.filter((name) => !left.has(name))
    .map((name) => `schema ${name}: removed`);
}

function operationChanges(
  one: Operation,
  other: Operation,
  documents: Pair,
): string[] {
  const id = String(one.operationId);
  const changes: string[] = [];
  if (one.operationId !== other.operationId) {
    changes.push(`${id}: operationId became ${other.operationId}`);
  }
  if (!isPublic(other) && isPublic(one)) changes.push(`${id}: wants a token`);
  const permission = other["x-required-permission"];
  if (!isPublic(one) && permission !== one["x-required-permission"]) {
    changes.push(`${id}: wants the permission ${permission}`);
  }
  return [
    ...changes,
    ...parameterChanges(one, other, documents),
    ...bodyChanges(one, other, documents),
    ...responseChanges(one, other, documents),
  ];
}

function isPublic({ security }: Operation): boolean {
  return Array.isArray(security) && security.length === 0;
}

function parameterChanges(
  one: Operation,
  other: Operation,
  documents: Pair,
): string[] {
  const [was, is] = [one, other].map((operation, n) =>
    new Map(
      (operation.parameters ?? []).map((parameter) => {
        const actual = resolve(documents[n]!, parameter);
        return [`${actual.in} parameter ${actual.name}`, actual];
      }),
    )
  );
  const changes: string[] = [];
  for (const [name, parameter] of is!) {
    if (parameter.required === true && was!.get(name)?.required !== true) {
      changes.push(`${one.operationId} ${name}: is required now`);
    }
  }
  for (const [name, parameter] of was!) {
    const where = `${one.operationId} ${name}`;
    const match = is!.get(name);
    changes.push(
      ...match
        ? compared(parameter.schema, match.schema, where, documents, "request")
        : [`${where}: removed`],
    );
  }
  return changes;
}

function bodyChanges(
  one: Operation,
  other: Operation,
  documents: Pair,
): string[] {
  const where = `${one.operationId} body`;
  const [was, is] = [one, other].map(({ requestBody }, n) =>
    isNode(requestBody) ? resolve(documents[n]!, requestBody) : undefined
  );
  if (!was) return is?.required === true ? [`${where}: is required now`] : [];
  if (!is) return [`${where}: removed`];
  return [
    ...is.required === true && was.required !== true
      ? [`${where}: is required now`]
      : [],
    ...contentChanges(was, is, where, documents, "request"),
  ];
}

function responseChanges(
  one: Operation,
  other: Operation,
  documents: Pair,
): string[] {
  return Object.entries(one.responses).flatMap(([status, response]) => {
    const where = `${one.operationId} ${status}`;
    const match = other.responses[status];
    if (!match) return [`${where}: removed`];
    const was = resolve(documents[0], response);
    const is = resolve(documents[1], match);
    const headers = (is.headers ?? {}) as Node;
    return [
      ...Object.keys((was.headers ?? {}) as Node)
        .filter((name) => !(name in headers))
        .map((name) => `${where} header ${name}: removed`),
      ...contentChanges(was, is, where, documents, "response"),
    ];
  });
}

function contentChanges(
  one: Node,
  other: Node,
  where: string,
  documents: Pair,
  direction: "request" | "response",
): string[] {
  const left = (other.content ?? {}) as Record<string, Node>;
  return Object.entries((one.content ?? {}) as Record<string, Node>).flatMap(
    ([type, media]) =>
      left[type]
        ? compared(
          media.schema,
          left[type].schema,
          where,
          documents,
          direction,
        )
        : [`${where} ${type}: removed`],
  );
}

function compared(
  one: unknown,
  other: unknown,
  where: string,
  [before, after]: Pair,
  direction: "request" | "response",
): string[] {
  if (!isNode(one) || !isNode(other)) return [];
  return schemaChanges(one, other, where, { before, after, direction });
}
