export interface Claims {
  readonly exp: number;
  readonly iat: number;
  readonly sid: string;
  readonly sub: string;
  readonly role: string;
}

/** Claims of a token of ours, as anybody can read them. */
export function claimsOf(token: string): Claims {
  const payload = token.split(".")[1] ?? "";
  const bytes = Uint8Array.fromBase64(payload, { alphabet: "base64url" });
  return JSON.parse(new TextDecoder().decode(bytes));
}
