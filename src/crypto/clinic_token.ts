import { isUuid } from "../kernel/ids.ts";
import { TokenError } from "./errors.ts";
import { hashOpaqueToken, newOpaqueToken } from "./opaque_token.ts";

/** An opaque token that says which clinic's database knows it. */
export interface ClinicToken {
  /** `<clinic id>.<secret>`; handed out once, stored nowhere. */
  readonly token: string;
  /** SHA-256 of the secret (32 bytes), what the clinic's database stores. */
  readonly hash: Uint8Array;
}

const ID_CHARACTERS = 36;

/** For refresh tokens, invitations and password resets: 256 random bits. */
export function newClinicToken(clinicId: string): ClinicToken {
  const { token, hash } = newOpaqueToken();
  return { token: `${clinicId}.${token}`, hash };
}

/** The same of 32 bytes that were made otherwise. */
export function clinicTokenOf(
  clinicId: string,
  secret: Uint8Array,
): ClinicToken {
  const text = secret.toBase64({ alphabet: "base64url", omitPadding: true });
  return { token: `${clinicId}.${text}`, hash: hashOpaqueToken(text) };
}

/**
 * Where to look a token up, and under which hash. The clinic in it proves nothing: only its database knows the hash.
 * @throws {TokenError} on text that `newClinicToken` cannot have made
 */
export function parseClinicToken(
  token: string,
): { readonly clinicId: string; readonly hash: Uint8Array } {
  const clinicId = token.slice(0, ID_CHARACTERS);
  if (!isUuid(clinicId) || token[ID_CHARACTERS] !== ".") {
    throw new TokenError("Cannot read token: malformed");
  }
  return { clinicId, hash: hashOpaqueToken(token.slice(ID_CHARACTERS + 1)) };
}
