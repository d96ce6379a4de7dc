import type { Command } from "commander";
import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import type { Connection } from "../../src/db/connection.ts";
import {
  retireTokenKeys,
  rewrapSecrets,
  rotateTokenKey,
} from "../../src/platform/set_up.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { ArgumentError } from "./arguments.ts";
import { examples } from "./help.ts";
import type { Operator } from "./operator.ts";
import { say } from "./terminal.ts";

export type OpenOperator = () => Promise<Operator>;

/** `cloison platform-key …` */
export function addKeyCommands(program: Command, operator: OpenOperator): void {
  const key = program.command("platform-key")
    .description("The platform's own keys, while people work")
    .addHelpText("after", examples("cloison platform-key rotate"));

  key.command("rotate")
    .description("Sign tokens with a new key; old ones verify until they end")
    .option("--revoke", "the key was stolen: accept nothing that it signed")
    .option("--token-seconds <n>", "lifetime of access tokens", "600")
    .addHelpText(
      "after",
      examples(
        "cloison platform-key rotate",
        "cloison platform-key rotate --revoke",
      ),
    )
    .action((options: RotateOptions) => rotate(options, operator));

  key.command("rewrap")
    .description("Wrap all secrets with the first key of the key file")
    .addHelpText("after", examples("cloison platform-key rewrap"))
    .action(() =>
      inCentral(operator, async (central, { platformKeys }) => {
        const count = await rewrapSecrets(central, requireKeys(platformKeys));
        say(`${count} secrets of the platform are wrapped again`);
      })
    );
}

interface RotateOptions {
  readonly revoke?: true;
  readonly tokenSeconds: string;
}

async function rotate(
  { revoke, tokenSeconds }: RotateOptions,
  operator: OpenOperator,
): Promise<void> {
  if (!/^[1-9]\d{0,5}$/.test(tokenSeconds)) {
    throw new ArgumentError("--token-seconds must be a number of seconds");
  }
  await inCentral(operator, async (central, { platformKeys }) => {
    const keys = requireKeys(platformKeys);
    const retired = await retireTokenKeys(central, Number(tokenSeconds));
    const number = await rotateTokenKey(central, keys);
    if (revoke) await retireTokenKeys(central, 0, 0);
    const before = retired > 0 ? `; ${retired} older retired` : "";
    say(`Platform tokens are signed with key ${number}${before}`);
  });
}

/** Runs `fn` on the central database. */
export async function inCentral(
  operator: OpenOperator,
  fn: (central: Connection, operator: Operator) => Promise<void>,
): Promise<void> {
  const opened = await operator();
  await withDatabase(
    opened.login,
    CENTRAL_DATABASE,
    (central) => fn(central, opened),
  );
}

/** @throws {ArgumentError} when nobody gave the platform's key */
export function requireKeys(keys: Operator["platformKeys"]): LocalKeyProvider {
  if (!keys) throw new ArgumentError("CLOISON_ADMIN_PLATFORM_KEY is missing");
  return new LocalKeyProvider(keys);
}
