import * as v from "valibot";
import { decodeCanonical } from "./base64.ts";
import { TokenError } from "./errors.ts";
import { isKid, TOKEN_ALGORITHM } from "./token_keys.ts";

/** RFC 9068 section 2.1. */
export const ACCESS_TOKEN_TYPE = "at+jwt";

const MAX_TOKEN_CHARACTERS = 4096;
const COMPACT_FORM = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const SIGNATURE_BYTES = 64;

const Header = v.strictObject({
  alg: v.literal(TOKEN_ALGORITHM),
  typ: v.literal(ACCESS_TOKEN_TYPE),
  kid: v.pipe(v.string(), v.check(isKid)),
});

export interface CompactJws {
  readonly header: v.InferOutput<typeof Header>;
  /** JSON object, not verified yet. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

/**
 * Takes a token apart (RFC 7515 section 7.1) and refuses, with `TokenError`, what a verifier would let through: more
 * than 4 KiB, base64url that is not canonical (the text of a token would be malleable), a header with anything but
 * `alg`, `typ` and `kid`, a member named twice, any JSON that is not written as this API writes it. Nothing of the
 * result is verified; `kid` may be used to find a key and for nothing else.
 */
export function parseCompactJws(token: string): CompactJws {
  if (token.length > MAX_TOKEN_CHARACTERS || !COMPACT_FORM.test(token)) {
    throw new TokenError("Cannot read token: not a compact JWS");
  }
  const [header = "", payload = "", signature = ""] = token.split(".");
  const signatureBytes = decodeSegment(signature);
  if (signatureBytes.length !== SIGNATURE_BYTES) {
    throw new TokenError("Cannot read token: signature has wrong length");
  }
  const parsed = v.safeParse(Header, decodeObject(header));
  if (!parsed.success) {
    throw new TokenError("Cannot read token: header is not one of ours");
  }
  return {
    header: parsed.output,
    payload: decodeObject(payload),
    signingInput: `${header}.${payload}`,
    signature: signatureBytes,
  };
}

function decodeSegment(segment: string): Uint8Array {
  const bytes = decodeCanonical(segment, "base64url");
  if (bytes === undefined) {
    throw new TokenError("Cannot read token: base64url is not canonical");
  }
  return bytes;
}

/** A JSON object, refused unless writing it again gives the same text: that is how a repeated member shows. */
function decodeObject(segment: string): Record<string, unknown> {
  const bytes = decodeSegment(segment);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
    const value: unknown = JSON.parse(text);
    if (JSON.stringify(value) === text && isObject(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) {
      throw error;
    }
  }
  throw new TokenError("Cannot read token: not canonical JSON");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
