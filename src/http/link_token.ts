import { z } from "@hono/zod-openapi";
import { parseClinicToken } from "../crypto/clinic_token.ts";
import { TokenError } from "../crypto/errors.ts";
import { AppError } from "../kernel/errors.ts";

/** The token of a link, as a client sends it: in a body, so that it stands in no URL and no access log. */
export const linkToken = z.string().max(80).regex(
  /^[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$/,
  "must be the token of a link that was mailed",
).openapi({
  description: "What stands behind `#token=` in the mailed link",
  example:
    "01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b.q5OGl0sKzT4nJvY1cXw8mEr2uBh7dNf3aPi6gRt9yLk",
});

/** @throws {AppError} `invalid-link` for text that no link can have */
export function parseLinkToken(
  token: string,
): ReturnType<typeof parseClinicToken> {
  try {
    return parseClinicToken(token);
  } catch (error) {
    if (error instanceof TokenError) throw invalidLink();
    throw error;
  }
}

/** The same whatever is wrong with a link. */
export function invalidLink(): AppError {
  return new AppError("invalid-link", "The link is not valid");
}
