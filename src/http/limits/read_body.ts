import type { Context } from "hono";
import { AppError } from "../../kernel/errors.ts";

export const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Reads the whole body, whether its length was announced or not.
 * @param milliseconds how long it may take to arrive
 * @throws {AppError} `body-too-large`, `body-timeout`, or `malformed-request` when it is not UTF-8
 */
export async function readBody(
  c: Context,
  milliseconds: number,
): Promise<string> {
  const { body, headers } = c.req.raw;
  if (Number(headers.get("content-length")) > MAX_BODY_BYTES) throw tooLarge();
  if (body === null) return "";
  const reader = body.getReader();
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => {});
  const timer = setTimeout(() => late.reject(tooSlow()), milliseconds);
  try {
    return decode(await collect(reader, late.promise));
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  late: Promise<never>,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await Promise.race([reader.read(), late]);
    if (done) return chunks;
    size += value.length;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(value);
  }
}

/** Not `Request.text()`: that one puts U+FFFD in the place of what is not UTF-8. */
function decode(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    const parts = chunks.map((chunk) =>
      decoder.decode(chunk, { stream: true })
    );
    return parts.join("") + decoder.decode();
  } catch (cause) {
    throw new AppError("malformed-request", "The body is not valid UTF-8", {
      cause,
    });
  }
}

function tooLarge(): AppError {
  return new AppError("body-too-large", "The body has more than 1 MiB");
}

function tooSlow(): AppError {
  return new AppError("body-timeout", "The body did not arrive in time");
}
