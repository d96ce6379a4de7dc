import { z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../kernel/errors.ts";
import type {
  IdempotentRequest,
  StoredResponse,
} from "../tenancy/idempotency_keys.ts";
import type { ClinicEnv, PlatformEnv } from "./env.ts";

const MAX_LENGTH = 255;
/** A string of structured fields (RFC 9651 section 3.3.3). */
const QUOTED = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
/** What clients commonly send instead. No comma: two headers are no key. */
const BARE = /^[\x21\x23-\x2b\x2d-\x7e]+$/;

/** Headers of an answer that are given again with it. */
const KEPT_HEADERS = ["content-type", "etag", "location"];

const idempotencyKeyHeader = {
  "Idempotency-Key": z.string().min(1).max(2 * MAX_LENGTH + 2).optional()
    .openapi({
      description:
        "Makes it safe to send this request again: any text of 1 to 255 printable ASCII characters that is new for each request, such as a UUID, in quotes where it has a space or a comma. Within 24 hours, the same request with the same key gets the first answer again; another request with it is refused (422). An answer that is a problem is not kept",
      example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
    }),
};

const replayedHeader = {
  "Idempotency-Replayed": z.literal("true").optional().openapi({
    description:
      "Present when this is the answer to an earlier request with the same Idempotency-Key",
  }),
};

interface Declared {
  readonly idempotent?: boolean;
  readonly request?: { readonly headers?: unknown };
  readonly responses: object;
}

/** Puts the header that clients send, and the one that they get, into a route's declaration. */
export function withIdempotencyKey<R extends Declared>(route: R): R {
  if (!route.idempotent) return route;
  const responses = Object.entries(route.responses).map((
    [status, response],
  ) => [
    status,
    status.startsWith("2")
      ? { ...response, headers: extended(response.headers, replayedHeader) }
      : response,
  ]);
  const { idempotent: _declared, ...rest } = route;
  return {
    ...rest,
    request: {
      ...route.request,
      headers: extended(route.request?.headers, idempotencyKeyHeader),
    },
    responses: Object.fromEntries(responses),
  } as unknown as R;
}

function extended(headers: unknown, more: z.ZodRawShape): z.ZodObject {
  const known = headers instanceof z.ZodObject ? headers.shape : {};
  return z.object({ ...known, ...more });
}

/**
 * Answers a request that carries an `Idempotency-Key` once (draft-ietf-httpapi-idempotency-key-header-07). The key may be
 * left out: a client that cannot remember one over a crash gains nothing from inventing it, and a plain POST stays
 * plain. Refusals and failures are not kept, so that the same key may be tried again.
 * @param operation method and path pattern: the keys of one are of no other
 */
export function idempotency(operation: string): MiddlewareHandler<ClinicEnv> {
  return async (c, next) => {
    const request = await readRequest(c, operation);
    if (!request) return await next();
    const { clinic } = c.var;
    const stored = await clinic.once(request, async (scoped) => {
      c.set("clinic", scoped);
      await next();
      return await responseToKeep(c);
    });
    await c.var.leftByRefusal?.(clinic);
    return replayed(stored);
  };
}

/** The same for a route of the platform. */
export function centralIdempotency(
  operation: string,
): MiddlewareHandler<PlatformEnv> {
  return async (c, next) => {
    const request = await readRequest(c, operation);
    if (!request) return await next();
    return replayed(
      await c.var.central.once(request, async (scoped) => {
        c.set("central", scoped);
        await next();
        return await responseToKeep(c);
      }),
    );
  };
}

/** What to answer once; `undefined` when the request has no key. */
async function readRequest(
  c: Context,
  operation: string,
): Promise<IdempotentRequest | undefined> {
  const key = readKey(c.req.header("idempotency-key"));
  if (key === undefined) return undefined;
  const { pathname, search } = new URL(c.req.url);
  const content = JSON.stringify([pathname, search, await c.req.text()]);
  return { key, operation, content };
}

function replayed(stored: StoredResponse | undefined): Response | undefined {
  if (!stored) return undefined;
  return new Response(stored.body, {
    status: stored.status,
    headers: { ...stored.headers, "idempotency-replayed": "true" },
  });
}

/** @throws {AppError} `invalid-request` for what is no key */
function readKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const quoted = QUOTED.exec(header)?.[1]?.replace(/\\(.)/g, "$1");
  const key = quoted ?? (BARE.test(header) ? header : "");
  if (key.length >= 1 && key.length <= MAX_LENGTH) return key;
  throw new AppError("invalid-request", "The request is not valid", {
    violations: [{
      parameter: "Idempotency-Key",
      code: "invalid-key",
      detail:
        `must be one text of 1 to ${MAX_LENGTH} printable characters, in quotes where it has a space or a comma`,
    }],
  });
}

async function responseToKeep(
  c: Context,
): Promise<StoredResponse | undefined> {
  if (c.error || !c.res.ok) return undefined;
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = c.res.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return { status: c.res.status, headers, body: await c.res.clone().text() };
}
