import type { MiddlewareHandler } from "hono";
import { AppError } from "../../kernel/errors.ts";

/** Whether a client accepts something of what is written. */
export function isAcceptable(
  accept: string | undefined,
  types: readonly string[],
): boolean {
  // What nearly all clients send says it without being taken apart.
  if (!accept || accept === "*/*" || types.includes(accept)) return true;
  return acceptsOne(accept, types);
}

export function notAcceptable(types: readonly string[]): AppError {
  return new AppError(
    "not-acceptable",
    `This path answers in ${types.join(" or ")}`,
  );
}

/** @throws {AppError} `not-acceptable` */
export function requireAcceptable(
  accept: string | undefined,
  types: readonly string[],
): void {
  if (!isAcceptable(accept, types)) throw notAcceptable(types);
}

/** Refuses a client that accepts nothing of what a path is answered in. */
export function acceptable(types: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    requireAcceptable(c.req.header("accept"), types);
    await next();
  };
}

function acceptsOne(header: string, types: readonly string[]): boolean {
  const ranges = header.split(",").map((item) => {
    const [range = "", ...parameters] = item.split(";").map((part) =>
      part.trim().toLowerCase()
    );
    const refused = parameters.some((part) => /^q=0(\.0*)?$/.test(part));
    return { range, refused };
  });
  return types.some((type) => {
    const group = `${type.slice(0, type.indexOf("/"))}/*`;
    // The most specific range decides (RFC 9110 section 12.5.1).
    const decisive = [type, group, "*/*"]
      .map((wanted) => ranges.find(({ range }) => range === wanted))
      .find((found) => found !== undefined);
    return decisive !== undefined && !decisive.refused;
  });
}
