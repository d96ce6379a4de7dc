import { AppError } from "../../kernel/errors.ts";

const MAX_URI_CHARACTERS = 8_192;
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Bounds what comes before the body. The server itself ends a connection that sends more than about a hundred header
 * fields or 64 KiB of them, with a bare 400.
 * @throws {AppError} `uri-too-long`, `headers-too-large`
 */
export function requireBoundedHead({ url, headers }: Request): void {
  if (url.length > MAX_URI_CHARACTERS) {
    throw new AppError("uri-too-long", "The URI is too long");
  }
  let bytes = 0;
  // An iterator sorts them first: five times the price.
  headers.forEach((value, name) => {
    bytes += name.length + value.length;
  });
  if (bytes > MAX_HEADER_BYTES) {
    throw new AppError("headers-too-large", "The header fields are too long");
  }
}
