/** Signs header and payload exactly as given, so that a test can write what no library writes. */
export async function signRaw(
  key: CryptoKey,
  header: string,
  payload: string,
): Promise<string> {
  const input = `${base64url(header)}.${base64url(payload)}`;
  const bytes = new TextEncoder().encode(input);
  const signature = await crypto.subtle.sign("Ed25519", key, bytes);
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

export function base64url(data: string | Uint8Array): string {
  const bytes = typeof data === "string"
    ? new TextEncoder().encode(data)
    : data;
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
