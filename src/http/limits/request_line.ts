import type { MiddlewareHandler } from "hono";
import { AppError } from "../../kernel/errors.ts";

const MAX_URI_CHARACTERS = 8_192;
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Bounds what comes before the body. The server itself ends a connection that sends more than about a hundred header
 * fields or 64 KiB of them, with a bare 400.
 */
export function boundedHead(): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.url.length > MAX_URI_CHARACTERS) {
      throw new AppError("uri-too-long", "The URI is too long");
    }
    let bytes = 0;
    for (const [name, value] of c.req.raw.headers) {
      bytes += name.length + value.length;
    }
    if (bytes > MAX_HEADER_BYTES) {
      throw new AppError("headers-too-large", "The header fields are too long");
    }
    await next();
  };
}
