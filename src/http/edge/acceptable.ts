import type { MiddlewareHandler } from "hono";
import { AppError } from "../../kernel/errors.ts";

/** Refuses a client that accepts nothing that this API writes. */
export function acceptable(types: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const accept = c.req.header("accept");
    if (accept && !acceptsOne(accept, types)) {
      throw new AppError(
        "not-acceptable",
        `This path answers in ${types.join(" or ")}`,
      );
    }
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
