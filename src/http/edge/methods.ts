import type { Context } from "hono";
import { AppError } from "../../kernel/errors.ts";
import type { PublicEnv } from "../env.ts";
import { methodRouter } from "./method_router.ts";

const NONE: ReadonlySet<string> = new Set();

/** A method and the path pattern that it is mounted on. */
export interface MountedRoute {
  readonly method: string;
  readonly path: string;
}

/**
 * What is mounted where. Answers what no route does: 404 for a path that is not there, 405 with `Allow` for a method that
 * the path does not have, 204 with `Allow` for OPTIONS.
 */
export class KnownMethods {
  readonly #paths = methodRouter<string>();
  readonly #methods = new Map<string, Set<string>>();

  constructor(routes: readonly MountedRoute[]) {
    for (const { method, path } of routes) {
      const known = this.#methods.get(path) ?? new Set(["OPTIONS"]);
      if (known.size === 1) this.#paths.add("ALL", path, path);
      known.add(method);
      if (method === "GET") known.add("HEAD");
      this.#methods.set(path, known);
    }
  }

  /** Whether a handler is there for the request. */
  serves(c: Context<PublicEnv>): boolean {
    const { method, path } = c.req;
    return method !== "OPTIONS" && this.#of(path).has(method);
  }

  /**
   * Of a path that is mounted as it stands, its own methods count: it is not one with a parameter (OpenAPI 3.1, section
   * 4.8.8.2), where the router would find a handler for others.
   * @throws {AppError} `method-not-allowed`
   */
  requireAllowed(c: Context<PublicEnv>): void {
    const { path, method } = c.req;
    const allowed = this.#literal(path);
    if (!allowed || allowed.has(method)) return;
    throw this.#notAllowed(c, allowed);
  }

  /**
   * Answers where no handler does.
   * @throws {AppError} `not-found`, `method-not-allowed`
   */
  answer(c: Context<PublicEnv>): Response {
    const allowed = this.#of(c.req.path);
    if (allowed.size === 0) {
      throw new AppError("not-found", "There is no such path in this API");
    }
    if (c.req.method !== "OPTIONS") throw this.#notAllowed(c, allowed);
    return c.body(null, 204, { allow: listOf(allowed) });
  }

  #notAllowed(c: Context<PublicEnv>, allowed: ReadonlySet<string>): AppError {
    c.set("allow", listOf(allowed));
    return new AppError(
      "method-not-allowed",
      "This path does not have this method",
    );
  }

  #literal(path: string): ReadonlySet<string> | undefined {
    return path.includes(":") ? undefined : this.#methods.get(path);
  }

  #of(path: string): ReadonlySet<string> {
    const literal = this.#literal(path);
    if (literal) return literal;
    const [matches] = this.#paths.match("ALL", path);
    return new Set(
      matches.flatMap(([known]) => [...this.#methods.get(known) ?? NONE]),
    );
  }
}

function listOf(methods: ReadonlySet<string>): string {
  return [...methods].sort().join(", ");
}

/** HEAD tells what GET would: the length of its body too (RFC 9110 section 9.3.2). */
export async function setLengthOfHead(c: Context): Promise<void> {
  if (c.res.body === null) return;
  const { byteLength } = await c.res.clone().arrayBuffer();
  c.res.headers.set("content-length", String(byteLength));
}
