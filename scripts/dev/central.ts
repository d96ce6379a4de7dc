import {
  LocalKeyProvider,
  newLocalKeyLine,
} from "../../src/crypto/key_provider.ts";
import { PasswordHasher } from "../../src/crypto/passwords.ts";
import { type Migration, readMigrations } from "../../src/db/migrations.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { setUpPlatform } from "../../src/platform/set_up.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import {
  migrateCentral,
  registerCell,
} from "../../src/tenancy/provisioning/central.ts";
import { Provisioner } from "../../src/tenancy/provisioning/provisioner.ts";
import type { Stack } from "../stack/cluster.ts";
import { writeSecretFile } from "./dev_file.ts";
import { CELL } from "./paths.ts";

/** Backends of the cell's clinics together; the local PostgreSQL takes 200 connections. */
const MAX_BACKENDS = 150;

/** The migrations of `migrations/<part>`. */
export function migrationsOf(
  part: "central" | "clinic",
): Promise<Migration[]> {
  const folder = new URL(`../../migrations/${part}/`, import.meta.url);
  return readMigrations(folder);
}

/** How the operator reaches the stack's cluster: as the worker, straight to PostgreSQL. */
export function workerLogin(stack: Stack): AdminLogin {
  const { user, password } = stack.credentials.worker;
  const { host, port, tlsCa } = stack.postgres;
  return { host, port, tlsCa, user, password: new Secret(password) };
}

/** Brings the central database up to date and tells it where the stack's one cell is. */
export async function prepareCentral(
  stack: Stack,
  keys?: Secret,
): Promise<AdminLogin> {
  const login = workerLogin(stack);
  await migrateCentral(login, await migrationsOf("central"));
  const { host, port } = stack.postgres;
  await registerCell(login, {
    name: CELL,
    pooler: stack.pooler,
    postgres: { host, port },
    maxBackends: MAX_BACKENDS,
    ...(keys === undefined ? {} : { keys: new LocalKeyProvider(keys) }),
  }, uuidv7);
  return login;
}

/** Gives the platform its own secrets the first time. */
export async function preparePlatform(
  login: AdminLogin,
  keys: Secret,
): Promise<void> {
  await withDatabase(
    login,
    CENTRAL_DATABASE,
    (central) => setUpPlatform(central, new LocalKeyProvider(keys)),
  );
}

/** Reads the key file of a cell, or of the platform, or makes it up the first time. */
export async function openKeyFile(
  path: string,
  name: string = CELL,
): Promise<Secret> {
  try {
    return new Secret(await Deno.readTextFile(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const folder = path.slice(0, path.lastIndexOf("/"));
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const text = newLocalKeyLine(`${name}-1`) + "\n";
  await writeSecretFile(path, text);
  return new Secret(text);
}

/** Makes clinics in the stack's one cell. */
export async function openProvisioner(
  login: AdminLogin,
  keys: Secret,
  cell: string = CELL,
): Promise<Provisioner> {
  return new Provisioner({
    login,
    cell,
    keys: new LocalKeyProvider(keys),
    migrations: await migrationsOf("clinic"),
    hasher: new PasswordHasher(),
    newId: uuidv7,
  });
}
