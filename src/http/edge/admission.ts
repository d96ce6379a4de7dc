import type { MiddlewareHandler } from "hono";
import type { PublicEnv } from "../env.ts";
import { requireBoundedHead } from "../limits/request_line.ts";
import { isAcceptable, notAcceptable } from "./acceptable.ts";
import type { KnownMethods } from "./methods.ts";
import { HostNames } from "./named_host.ts";

export interface AdmissionOptions {
  readonly methods: KnownMethods;
  /** What is answered in: the first whose path the request's begins with counts. The last one's is `/`. */
  readonly answers: readonly {
    readonly path: string;
    readonly types: readonly string[];
  }[];
}

/**
 * What may refuse a request before anything looks at what it asks for. Hono lets through what is thrown and is no
 * `Error`: here it is made one, close to where it was thrown.
 */
export function admission(
  { methods, answers }: AdmissionOptions,
): MiddlewareHandler<PublicEnv> {
  const hosts = new HostNames();
  return async (c, next) => {
    requireBoundedHead(c.req.raw);
    hosts.require(c.req.raw);
    const { path } = c.req;
    methods.requireAllowed(c);
    const { types } = answers.find((part) => path.startsWith(part.path))!;
    const accept = c.req.header("accept");
    // What is not there is not there in any form.
    if (!isAcceptable(accept, types) && methods.serves(c)) {
      throw notAcceptable(types);
    }
    try {
      await next();
    } catch (thrown) {
      if (thrown instanceof Error) throw thrown;
      throw new TypeError("Cannot answer: what was thrown is no error");
    }
  };
}
