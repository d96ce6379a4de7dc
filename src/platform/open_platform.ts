import type { Config } from "../config/config.ts";
import { probeKeyProvider } from "../crypto/key_provider.ts";
import type { Logger } from "../kernel/log.ts";
import { openCellKeys } from "../tenancy/directory/cell_keys.ts";
import type { PlatformDependencies } from "./dependencies.ts";
import { PlatformKeys } from "./keys.ts";
import { openSecrets, parseSecrets, selectSecrets } from "./secrets.ts";
import { PlatformTokens } from "./tokens.ts";

type Settings = Pick<
  Config,
  "platformKey" | "publicUrl" | "accessTokenSeconds" | "sessionSeconds"
>;

const NAME = "platform";

/**
 * What the platform is served with, where this process was given its key.
 * @throws {Error} one line that names the variable, when it does not open what was sealed
 */
export async function openPlatform(
  { platformKey, publicUrl, accessTokenSeconds, sessionSeconds }: Settings,
  { log, ...parts }:
    & Omit<PlatformDependencies, "keys" | "tokens">
    & { readonly log: Logger },
): Promise<PlatformDependencies | null> {
  if (!platformKey) return null;
  const { central, clock, newId } = parts;
  const provider = openCellKeys(new Map([[NAME, platformKey]])).get(NAME)!;
  try {
    await probeKeyProvider(provider);
    const [row] = await central.read<unknown>(selectSecrets());
    await openSecrets(parseSecrets(row), provider);
  } catch (error) {
    throw new Error(
      `Cannot serve the platform: ${platformKey.variable} does not hold the key that its secrets were sealed with`,
      { cause: error },
    );
  }
  const keys = new PlatformKeys({ central, keys: provider, clock, log });
  const tokens = new PlatformTokens({
    keys,
    publicUrl,
    lifetimeSeconds: accessTokenSeconds,
    sessionSeconds,
    clock,
    newId,
  });
  return { ...parts, keys, tokens };
}
