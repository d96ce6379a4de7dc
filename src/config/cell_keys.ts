import * as v from "valibot";
import { Secret } from "../kernel/secret.ts";
import { ConfigError } from "./config_error.ts";

/** Where a cell's key-encryption keys are, and the variable that says so. */
export type CellKeyConfig =
  | {
    readonly kind: "local";
    readonly variable: string;
    /** A line for each key; see `LocalKeyProvider`. */
    readonly keys: Secret;
  }
  | {
    readonly kind: "vault";
    readonly variable: string;
    readonly address: string;
    readonly mount: string;
    readonly key: string;
    readonly token: Secret;
  };

const Text = v.pipe(v.string(), v.minLength(1, "must not be empty"));

const Vault = v.object({
  CLOISON_VAULT_ADDRESS: v.pipe(Text, v.url("must be a URL")),
  CLOISON_VAULT_MOUNT: v.optional(Text, "transit"),
  CLOISON_VAULT_TOKEN: Text,
});

/** The variable that holds a cell's keys: `CLOISON_KEY_PARIS_1` for `paris-1`. */
export function cellKeyVariable(cell: string): string {
  return `CLOISON_KEY_${suffix(cell)}`;
}

/** The variable that names a cell's key in Vault: `CLOISON_VAULT_KEY_PARIS_1` for `paris-1`. */
export function vaultKeyVariable(cell: string): string {
  return `CLOISON_VAULT_KEY_${suffix(cell)}`;
}

/** Stands where a cell's name would. */
const PLATFORM = "platform";

/**
 * Where the platform's own key-encryption key is: `CLOISON_KEY_PLATFORM`, or `CLOISON_VAULT_KEY_PLATFORM`. A process that
 * has neither does not serve the platform.
 * @throws {ConfigError} when both are set, or Vault's own variables are not whole
 */
export function readPlatformKey(
  values: Readonly<Record<string, string>>,
): CellKeyConfig | undefined {
  const isSet = [cellKeyVariable(PLATFORM), vaultKeyVariable(PLATFORM)]
    .some((name) => values[name]);
  return isSet ? readKeys([PLATFORM], values).get(PLATFORM) : undefined;
}

/** @throws {ConfigError} when a cell has no keys, or two sources of them, or Vault's own variables are not whole */
export function readCellKeys(
  cells: readonly string[],
  values: Readonly<Record<string, string>>,
): ReadonlyMap<string, CellKeyConfig> {
  if (cells.includes(PLATFORM)) {
    throw new ConfigError([
      "CLOISON_CELLS names a cell platform: its key would be the platform's",
    ]);
  }
  return readKeys(cells, values);
}

function readKeys(
  cells: readonly string[],
  values: Readonly<Record<string, string>>,
): ReadonlyMap<string, CellKeyConfig> {
  const problems: string[] = [];
  const keys = new Map<string, CellKeyConfig>();
  for (const cell of cells) {
    const local = cellKeyVariable(cell);
    const vault = vaultKeyVariable(cell);
    if (values[local] && values[vault]) {
      problems.push(`${local} and ${vault} cannot both be set`);
    } else if (values[local]) {
      const text = new Secret(values[local]);
      keys.set(cell, { kind: "local", variable: local, keys: text });
    } else if (values[vault]) {
      const rest = readVault(values, problems);
      const key = values[vault];
      if (rest) {
        keys.set(cell, { kind: "vault", variable: vault, key, ...rest });
      }
    } else problems.push(`${local} is missing`);
  }
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return keys;
}

function readVault(
  values: Readonly<Record<string, string>>,
  problems: string[],
): { address: string; mount: string; token: Secret } | undefined {
  const parsed = v.safeParse(Vault, values);
  if (!parsed.success) {
    for (const issue of parsed.issues) {
      const name = String(issue.path?.[0]?.key);
      const missing = issue.received === "undefined";
      problems.push(`${name} ${missing ? "is missing" : issue.message}`);
    }
    return undefined;
  }
  return {
    address: parsed.output.CLOISON_VAULT_ADDRESS,
    mount: parsed.output.CLOISON_VAULT_MOUNT,
    token: new Secret(parsed.output.CLOISON_VAULT_TOKEN),
  };
}

function suffix(cell: string): string {
  return cell.toUpperCase().replaceAll("-", "_");
}
