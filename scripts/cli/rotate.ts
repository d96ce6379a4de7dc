import type { Command } from "commander";
import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import { sql } from "../../src/db/sql.ts";
import type { ClinicId } from "../../src/kernel/ids.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { rewrapCell } from "../../src/tenancy/rotation/cell_key.ts";
import { rotateDatabasePassword } from "../../src/tenancy/rotation/database_password.ts";
import { rotateDataKey } from "../../src/tenancy/rotation/data_key.ts";
import type { RotationContext } from "../../src/tenancy/rotation/rotation_context.ts";
import {
  retireTokenKeys,
  revokeTokenKeys,
  rotateTokenKey,
} from "../../src/tenancy/rotation/token_key.ts";
import { ArgumentError } from "./arguments.ts";
import { examples } from "./help.ts";
import type { Operator } from "./operator.ts";
import { say } from "./terminal.ts";

interface ClinicChoice {
  readonly clinic?: string;
  readonly all?: true;
}

interface TokenKeyOptions extends ClinicChoice {
  readonly revoke?: true;
  readonly tokenSeconds: string;
}

/** `cloison rotate …`: new passwords and keys, while people work. */
export function registerRotateCommands(
  program: Command,
  operator: () => Promise<Operator>,
): void {
  const rotate = program.command("rotate")
    .description("New passwords and keys, while people work")
    .addHelpText(
      "after",
      examples(
        "cloison rotate token-key --clinic clinique-lyon --revoke",
        "cloison rotate database-password --all",
        "cloison rotate cell-key",
      ),
    );

  ofClinics(rotate, "database-password")
    .description("Give clinics' roles new passwords; no request fails")
    .action((choice: ClinicChoice) =>
      forEach(choice, operator, async (context, { id, slug }) => {
        await rotateDatabasePassword(context, id);
        say(`${slug}: the database has a new password`);
      })
    );

  ofClinics(rotate, "token-key")
    .description("Sign tokens with new keys; old ones verify until they end")
    .option("--revoke", "the key was stolen: accept nothing that it signed")
    .option("--token-seconds <n>", "lifetime of access tokens", "600")
    .action((options: TokenKeyOptions) =>
      forEach(options, operator, async (context, { id, slug }) => {
        const seconds = readSeconds(options.tokenSeconds);
        const retired = await retireTokenKeys(context, id, seconds);
        const number = options.revoke
          ? await revokeTokenKeys(context, id)
          : await rotateTokenKey(context, id);
        const before = retired > 0 ? `; ${retired} older retired` : "";
        say(`${slug}: tokens are signed with key ${number}${before}`);
      })
    );

  ofClinics(rotate, "data-key")
    .description("Seal columns with new keys, in small steps")
    .action((choice: ClinicChoice) =>
      forEach(choice, operator, async (context, { id, slug }) => {
        const { resealed, unreadable } = await rotateDataKey(context, id);
        const rest = unreadable > 0 ? `; ${unreadable} do not open` : "";
        say(`${slug}: ${resealed} values sealed again${rest}`);
        if (unreadable > 0) {
          throw new Error(`${slug} has values that were altered`);
        }
      })
    );

  rotate.command("cell-key")
    .description(
      "Wrap all secrets of the cell with the first key of its key file",
    )
    .addHelpText("after", examples("cloison rotate cell-key"))
    .action(async () => {
      const { login, cell, keys } = await operator();
      const provider = new LocalKeyProvider(keys);
      const count = await rewrapCell({ login, cell, keys: provider });
      say(
        `${count} secrets of cell ${cell} are wrapped with ${provider.keyId}`,
      );
    });
}

function ofClinics(rotate: Command, name: string): Command {
  return rotate.command(name)
    .option("--clinic <slug>", "short name of the clinic")
    .option("--all", "every clinic of the cell, one after the other")
    .addHelpText(
      "after",
      examples(
        `cloison rotate ${name} --clinic clinique-lyon`,
        `cloison rotate ${name} --all`,
      ),
    );
}

interface FoundClinic {
  readonly id: ClinicId;
  readonly slug: string;
}

async function forEach(
  { clinic, all }: ClinicChoice,
  operator: () => Promise<Operator>,
  fn: (context: RotationContext, clinic: FoundClinic) => Promise<void>,
): Promise<void> {
  if ((clinic === undefined) === (all === undefined)) {
    throw new ArgumentError("give either --clinic or --all");
  }
  const { login, cell, keys, console } = await operator();
  if (!console) {
    throw new ArgumentError("CLOISON_ADMIN_POOLER_PASSWORD is missing");
  }
  const context = { login, console, keys: new LocalKeyProvider(keys) };
  const found = await withDatabase(
    login,
    CENTRAL_DATABASE,
    (central) =>
      central.rows<FoundClinic>(sql`
      select clinics.id, clinics.slug from clinics
      join cells on cells.id = clinics.cell_id
      where cells.name = ${cell} and clinics.state <> 'closed'
        and (${clinic ?? null}::text is null or clinics.slug = ${
        clinic ?? null
      }::text)
      order by clinics.slug`),
  );
  if (found.length === 0) {
    throw new ArgumentError(
      clinic === undefined
        ? `cell ${cell} has no clinics`
        : `cell ${cell} has no clinic with this short name; to see those that there are: cloison clinic list`,
    );
  }
  for (const one of found) await fn(context, one);
}

function readSeconds(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw new ArgumentError("--token-seconds must be a number of seconds");
  }
  return Number(text);
}
