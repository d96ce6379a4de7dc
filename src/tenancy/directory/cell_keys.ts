import type { CellKeyConfig } from "../../config/config.ts";
import {
  type KeyProvider,
  LocalKeyProvider,
} from "../../crypto/key_provider.ts";
import { VaultTransitKeyProvider } from "../../crypto/vault_transit.ts";

/**
 * The key-encryption keys that a process was given. Nothing is asked yet: see `verifyCellKeys`.
 * @throws {Error} that names the variable, and nothing of its value, when it holds no keys
 */
export function openCellKeys(
  config: ReadonlyMap<string, CellKeyConfig>,
): ReadonlyMap<string, KeyProvider> {
  return new Map([...config].map(([cell, key]) => [cell, open(cell, key)]));
}

function open(cell: string, key: CellKeyConfig): KeyProvider {
  try {
    return key.kind === "local"
      ? new LocalKeyProvider(key.keys)
      : new VaultTransitKeyProvider(key);
  } catch (error) {
    throw new Error(
      `Cannot serve cell ${cell}: ${key.variable}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
