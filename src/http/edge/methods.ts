import type { MiddlewareHandler } from "hono";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import { AppError } from "../../kernel/errors.ts";
import type { PublicEnv } from "../env.ts";

const NONE: ReadonlySet<string> = new Set();

/** A method and the path pattern that it is mounted on. */
export interface MountedRoute {
  readonly method: string;
  readonly path: string;
}

/**
 * Answers what no route does: 404 for a path that is not there, 405 with `Allow` for a method that the path does not
 * have, 204 with `Allow` for OPTIONS. Stands in front, so that a wrong method is not answered 401.
 */
export function knownMethods(
  routes: readonly MountedRoute[],
): MiddlewareHandler<PublicEnv> {
  const paths = new SmartRouter<string>({
    routers: [new RegExpRouter(), new TrieRouter()],
  });
  const methods = new Map<string, Set<string>>();
  for (const { method, path } of routes) {
    const known = methods.get(path) ?? new Set(["OPTIONS"]);
    if (known.size === 1) paths.add("ALL", path, path);
    known.add(method);
    if (method === "GET") known.add("HEAD");
    methods.set(path, known);
  }
  /** A path that is mounted as it stands is not one with a parameter (OpenAPI 3.1, section 4.8.8.2). */
  function methodsOf(path: string): ReadonlySet<string> {
    const literal = path.includes(":") ? undefined : methods.get(path);
    if (literal) return literal;
    const [matches] = paths.match("ALL", path);
    // Nearly always one: nothing has to be put together.
    if (matches.length === 1) return methods.get(matches[0]![0]) ?? NONE;
    return new Set(matches.flatMap(([known]) => [...methods.get(known) ?? []]));
  }
  return async (c, next) => {
    const { method } = c.req;
    const allowed = methodsOf(c.req.path);
    if (allowed.size === 0) {
      throw new AppError("not-found", "There is no such path in this API");
    }
    if (method !== "OPTIONS" && allowed.has(method)) return await next();
    const allow = [...allowed].sort().join(", ");
    if (method === "OPTIONS") return c.body(null, 204, { allow });
    c.set("allow", allow);
    throw new AppError(
      "method-not-allowed",
      "This path does not have this method",
    );
  };
}

/** HEAD tells what GET would: the length of its body too (RFC 9110 section 9.3.2). */
export function headLength(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (c.req.method !== "HEAD" || c.res.body === null) return;
    const { byteLength } = await c.res.clone().arrayBuffer();
    c.res.headers.set("content-length", String(byteLength));
  };
}
