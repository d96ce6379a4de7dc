import { createRoute, type RouteConfig, type z } from "@hono/zod-openapi";
import { AppError, type ErrorCode } from "../kernel/errors.ts";
import type { Permission } from "../kernel/permissions.ts";
import type { PlatformPermission } from "../kernel/platform_permissions.ts";
import {
  centralIdempotency,
  idempotency,
  withIdempotencyKey,
} from "./idempotency.ts";
import { requireAcceptable } from "./edge/acceptable.ts";
import { bodyCheck, queryCheck } from "./request_shape.ts";
import type { Context, MiddlewareHandler } from "hono";
import type { ClinicEnv } from "./env.ts";

/** What a route may fail with besides what every route of its kind can. */
export interface RouteProblems {
  readonly problems?: readonly ErrorCode[];
  /** Honours `Idempotency-Key`; for every POST that creates, charges or sends. */
  readonly idempotent?: boolean;
}

/** `self`: any member of the staff, about their own account. */
export type RoutePermission = Permission | "self";

type Declared<P extends string> =
  & Omit<RouteConfig, "path" | "security" | "middleware">
  & RouteProblems
  & {
    readonly path: P;
    readonly operationId: string;
    readonly summary: string;
    readonly description: string;
    readonly tags: [string];
  };

/** A declaration as routers take it. */
type Route<P extends string, R> = R & {
  readonly path: P;
  getRoutingPath(): RoutingPath<P>;
};

type RoutingPath<P extends string> = ReturnType<
  ReturnType<
    typeof createRoute<P, Omit<RouteConfig, "path"> & { path: P }>
  >["getRoutingPath"]
>;

const ANY: readonly ErrorCode[] = [
  "malformed-request",
  "not-acceptable",
  "uri-too-long",
  "headers-too-large",
  "invalid-request",
  "too-many-requests",
  "internal-error",
  "service-unavailable",
  "request-timeout",
];
const WITH_BODY: readonly ErrorCode[] = [
  "unsupported-media-type",
  "body-too-large",
  "body-timeout",
];
const IN_A_CLINIC: readonly ErrorCode[] = [
  "authentication-required",
  "invalid-token",
  "permission-denied",
  "clinic-mismatch",
  "clinic-suspended",
  "clinic-in-maintenance",
  "clinic-unavailable",
];
/** Whatever is done with something in a patient's file: it may be closed. */
const IN_A_FILE: readonly ErrorCode[] = ["processing-restricted"];
const OF_FILES: ReadonlySet<string> = new Set([
  "patients",
  "appointments",
  "documents",
  "consents",
  "records",
  "privacy",
]);
const ON_THE_PLATFORM: readonly ErrorCode[] = [
  "authentication-required",
  "invalid-token",
  "permission-denied",
  "clinic-mismatch",
];
const IDEMPOTENT: readonly ErrorCode[] = [
  "idempotency-key-reused",
  "idempotency-in-flight",
];

/**
 * Declares a route of a clinic. Its permission is part of the declaration: there is no way to leave it out.
 * The guard that finds the clinic is put in front of it when it is mounted (`app.ts`).
 */
export function clinicRoute<
  const P extends string,
  const R extends Declared<P>,
>(
  permission: RoutePermission,
  route: R & { readonly path: P },
): Route<P, R> {
  return createRoute({
    ...withIdempotencyKey(route),
    security: [{ accessToken: [] }],
    middleware: [
      requests(route, permission),
      ...(route.idempotent
        ? [idempotency(`${route.method.toUpperCase()} ${route.path}`)]
        : []),
    ],
    "x-required-permission": permission,
    "x-problems": problemsOf(
      route,
      OF_FILES.has(route.tags[0])
        ? [...IN_A_CLINIC, ...IN_A_FILE]
        : IN_A_CLINIC,
    ),
  }) as Route<P, R>;
}

/**
 * Declares a route of the platform, with its permission. No token of a clinic opens it, and no clinic's database is in its
 * reach; the guard is put in front of it when it is mounted (`platform/api.ts`).
 */
export function platformRoute<
  const P extends string,
  const R extends Declared<P>,
>(
  permission: PlatformPermission | "self",
  route: R & { readonly path: P },
): Route<P, R> {
  return createRoute({
    ...withIdempotencyKey(route),
    security: [{ platformToken: [] }],
    middleware: [
      requests(route, permission),
      ...(route.idempotent
        ? [centralIdempotency(`${route.method.toUpperCase()} ${route.path}`)]
        : []),
    ],
    "x-required-permission": permission,
    "x-problems": problemsOf(route, ON_THE_PLATFORM),
  }) as Route<P, R>;
}

/** Declares a route that anybody may call. */
export function publicRoute<
  const P extends string,
  const R extends Declared<P>,
>(
  route: R & { readonly path: P },
): Route<P, R> {
  return createRoute({
    ...route,
    security: [],
    middleware: [requests(route)],
    "x-problems": problemsOf(route, []),
  }) as Route<P, R>;
}

function problemsOf(
  route: Declared<string>,
  more: readonly ErrorCode[],
): ErrorCode[] {
  const withBody = route.request?.body ? WITH_BODY : [];
  const withKey = route.idempotent ? IDEMPOTENT : [];
  return [...ANY, ...withBody, ...withKey, ...more, ...route.problems ?? []];
}

/**
 * What may refuse a request to a route before a schema sees it, in one layer: the permission, what the client accepts of
 * a success (problems are problems to everybody), the query and the body.
 */
function requests(
  route: Pick<RouteConfig, "request" | "responses">,
  permission: string = "self",
): MiddlewareHandler<ClinicEnv> {
  const types = successTypes(route);
  const checkQuery = queryCheck(route);
  const checkBody = bodyCheck(route);
  return async (c, next) => {
    if (permission !== "self") requirePermission(c, permission);
    if (types.length > 0) requireAcceptable(c.req.header("accept"), types);
    checkQuery(c);
    if (checkBody) await checkBody(c);
    await next();
  };
}

/** Where nothing is answered, anything will do. */
function successTypes({ responses }: Pick<RouteConfig, "responses">): string[] {
  return Object.entries(responses)
    .filter(([status]) => status.startsWith("2"))
    .flatMap(([, answer]) =>
      "content" in answer ? Object.keys(answer.content ?? {}) : []
    );
}

/** @throws {AppError} `permission-denied` */
function requirePermission(c: Context<ClinicEnv>, permission: string): void {
  const permissions: ReadonlySet<string> = c.get("actor").permissions;
  if (permissions.has(permission)) return;
  throw new AppError(
    "permission-denied",
    `Your role does not have the permission ${permission}`,
    { extensions: { permission } },
  );
}

/** A JSON response of a route. */
export function json<S extends z.ZodType>(
  schema: S,
  description: string,
): { description: string; content: { "application/json": { schema: S } } } {
  return { description, content: { "application/json": { schema } } };
}

/** A JSON body: always required, so that no handler ever runs without one. */
export function jsonBody<S extends z.ZodType>(
  schema: S,
): { required: true; content: { "application/json": { schema: S } } } {
  return {
    required: true,
    content: { "application/json": { schema } },
  };
}

/** A JSON merge patch (RFC 7396). */
export function mergePatchBody<S extends z.ZodType>(
  schema: S,
): {
  required: true;
  content: { "application/merge-patch+json": { schema: S } };
} {
  return {
    required: true,
    content: { "application/merge-patch+json": { schema } },
  };
}
