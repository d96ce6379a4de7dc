import type { KeyProvider } from "../../crypto/key_provider.ts";
import { openSecret } from "../../crypto/seal.ts";
import { Secret } from "../../kernel/secret.ts";
import type { ClaimedOperation } from "./ledger.ts";

/** Where the secret of an operation is sealed to; it opens in no other. */
export function operationPlace(
  id: string,
): { readonly clinicId: string; readonly purpose: string } {
  return { clinicId: id, purpose: "operation" };
}

/** What was sealed into an operation; undefined when nothing was. */
export async function openOperationSecret(
  { id, secret }: Pick<ClaimedOperation, "id" | "secret">,
  keys: KeyProvider,
): Promise<Secret | undefined> {
  if (!secret) return undefined;
  const bytes = await openSecret(keys, operationPlace(id), secret);
  return new Secret(new TextDecoder().decode(bytes));
}
