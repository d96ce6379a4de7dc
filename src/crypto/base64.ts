/**
 * The bytes of unpadded base64 (RFC 4648), or `undefined` unless `text` is the one way to write them: the unused bits
 * of the last character are zero, and there is no padding and no white space.
 */
export function decodeCanonical(
  text: string,
  alphabet: "base64" | "base64url",
): Uint8Array | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet });
    const written = bytes.toBase64({ alphabet, omitPadding: true });
    return written === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}
