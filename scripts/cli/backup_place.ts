import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { BackupStore } from "../../src/tenancy/backups/backup_store.ts";
import { ClinicBackups } from "../../src/tenancy/backups/clinic_backups.ts";
import type { PgPrograms } from "../../src/tenancy/backups/pg_programs.ts";
import { readDevFile } from "../dev/dev_file.ts";
import { devPaths } from "../dev/paths.ts";
import { openCredentials } from "../stack/credentials.ts";
import { PROJECT_DIR } from "../stack/tools.ts";
import { ArgumentError } from "./arguments.ts";
import type { Operator } from "./operator.ts";

/** Where the operator's backups are. */
export interface BackupPlace {
  readonly backups: ClinicBackups;
  readonly folder: string;
  readonly programs: PgPrograms;
}

const DEFAULT_PG_BIN = "/usr/bin";

/**
 * The `CLOISON_BACKUP_*` variables, as the worker has them, or those of the dev stack of this folder.
 * @throws {ArgumentError} that names the variable which is missing
 */
export async function openBackupPlace(
  operator: Operator,
): Promise<BackupPlace> {
  const env = Deno.env.toObject();
  const { folder, user, password, programs } =
    env.CLOISON_BACKUP_FOLDER === undefined &&
      env.CLOISON_ADMIN_HOST === undefined
      ? await fromDevStack(env)
      : await fromEnvironment(env);
  const backups = new ClinicBackups({
    store: new BackupStore(folder),
    programs,
    reader: { ...operator.login, user, password: new Secret(password) },
    keys: new LocalKeyProvider(operator.keys),
  });
  return { backups, folder, programs };
}

interface Settings {
  readonly folder: string;
  readonly user: string;
  readonly password: string;
  readonly programs: PgPrograms;
}

async function fromEnvironment(
  env: Readonly<Record<string, string>>,
): Promise<Settings> {
  const folder = env.CLOISON_BACKUP_FOLDER;
  if (!folder) throw new ArgumentError("CLOISON_BACKUP_FOLDER is missing");
  const file = env.CLOISON_BACKUP_PASSWORD_FILE;
  const password = file === undefined
    ? env.CLOISON_BACKUP_PASSWORD
    : (await Deno.readTextFile(file)).trim();
  if (!password) throw new ArgumentError("CLOISON_BACKUP_PASSWORD is missing");
  return {
    folder,
    user: env.CLOISON_BACKUP_USER ?? "cloison_backup",
    password,
    programs: {
      pgBin: env.CLOISON_BACKUP_PG_BIN ?? DEFAULT_PG_BIN,
      tlsCaFile: env.CLOISON_ADMIN_TLS_CA_FILE,
    },
  };
}

async function fromDevStack(
  env: Readonly<Record<string, string>>,
): Promise<Settings> {
  const paths = devPaths((name) => env[name]);
  const { backup } = await openCredentials(paths.credentials);
  const file = await readDevFile(paths.devFile);
  const tools = await Deno.readTextFile(`${PROJECT_DIR}/.data/tools.env`);
  return {
    ...backup,
    folder: paths.backups,
    programs: {
      pgBin: /^PG_BIN=(.*)$/m.exec(tools)?.[1] ?? DEFAULT_PG_BIN,
      tlsCaFile: file?.tls?.caFile,
    },
  };
}
