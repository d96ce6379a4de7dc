import type { Context } from "hono";

const EXPOSED = [
  "Accept-Patch",
  "Accept-Post",
  "Allow",
  "Content-Disposition",
  "ETag",
  "Idempotency-Replayed",
  "Link",
  "Location",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "WWW-Authenticate",
  "X-Request-Id",
].join(", ");

const REQUEST_HEADERS = [
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "Traceparent",
  "X-Clinic-Id",
  "X-Request-Id",
].join(", ");

const PREFLIGHT_SECONDS = "600";

/**
 * Lets browsers call from the origins of a list, compared letter by letter; `null` and all others learn nothing (Fetch
 * Standard, section 3.2). No credentials: tokens travel in a header that pages set themselves, never in a cookie.
 *
 * A preflight is answered by what answers OPTIONS, so that only known paths have one, with their own methods.
 */
export function allowOrigin(
  c: Context,
  headers: Headers,
  origins: ReadonlySet<string>,
): void {
  headers.append("vary", "Origin");
  const origin = c.req.header("origin");
  if (origin === undefined || !origins.has(origin)) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", EXPOSED);
  const methods = headers.get("allow");
  const asks = c.req.header("access-control-request-method");
  if (c.req.method !== "OPTIONS" || asks === undefined || !methods) return;
  headers.set("access-control-allow-methods", methods);
  headers.set("access-control-allow-headers", REQUEST_HEADERS);
  headers.set("access-control-max-age", PREFLIGHT_SECONDS);
}
