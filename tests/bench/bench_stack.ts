import {
  migrationsOf,
  openKeyFile,
  workerLogin,
} from "../../scripts/dev/central.ts";
import { writeSecretFile } from "../../scripts/dev/dev_file.ts";
import { CELL } from "../../scripts/dev/paths.ts";
import { openStack, type Stack } from "../../scripts/stack/cluster.ts";
import { freePorts } from "../../scripts/stack/ports.ts";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";
import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import { migrationsHash } from "../../src/db/migrations.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import {
  type AdminLogin,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import {
  migrateCentral,
  registerCell,
} from "../../src/tenancy/provisioning/central.ts";
import { Secret } from "../../src/kernel/secret.ts";

/** Servers with the settings of production, a central database and one cell, for one run of the benchmark. */
export interface BenchStack extends AsyncDisposable {
  readonly dir: string;
  readonly stack: Stack;
  readonly login: AdminLogin;
  readonly superuser: AdminLogin;
  readonly keys: LocalKeyProvider;
  readonly keyFile: string;
  readonly apiPassword: string;
}

/** As an operator would for so many clinics: see postgresql.conf.template. */
const SETTINGS = { shared_buffers: "1GB" };

/** Backends that the API may hold for all clinics together. */
export const BUDGET = 100;
/** Of the whole cell: a process that is alone leaves a tenth of them over (`claim_backends`). */
const CELL_BACKENDS = 112;

const PREFIX = "bench-";
const DAY_MS = 24 * 3_600_000;

export interface BenchStackOptions {
  /** A folder that is kept; without a name, one that goes with the run. */
  readonly name: string | undefined;
  /** Makes the clinics, in a new folder. Nothing is flushed to disk meanwhile. */
  readonly build: (bench: BenchStack) => Promise<void>;
}

/** Opens the servers with the settings of production, around clinics that were made with others. */
export async function openBenchStack(
  { name, build }: BenchStackOptions,
): Promise<BenchStack> {
  const data = `${PROJECT_DIR}/.data`;
  await Deno.mkdir(`${data}/bench`, { recursive: true });
  await removeForgotten(data);
  const dir = `${data}/${PREFIX}${name ?? crypto.randomUUID().slice(0, 8)}`;

  async function remove(): Promise<void> {
    await Deno.remove(dir, { recursive: true }).catch(() => {});
  }

  try {
    if (!await isBuilt(dir)) {
      await remove();
      await using fast = await open(dir, true);
      await build(fast);
      await Deno.writeTextFile(`${dir}/${BUILT}`, await buildHash());
    }
    const bench = await open(dir, false);
    const close = async () => {
      await bench[Symbol.asyncDispose]();
      if (name === undefined) await remove();
    };
    return { ...bench, [Symbol.asyncDispose]: close };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function open(dir: string, fast: boolean): Promise<BenchStack> {
  const stack = await openStack({
    dir,
    ports: freePorts(),
    fast,
    settings: SETTINGS,
  });
  try {
    const keyFile = `${dir}/keys/${CELL}.key`;
    const keys = new LocalKeyProvider(await openKeyFile(keyFile));
    const apiPassword = `${dir}/keys/central.password`;
    await writeSecretFile(apiPassword, stack.credentials.api.password);
    const login = workerLogin(stack);
    await migrateCentral(login, await migrationsOf("central"));
    const { host, port } = stack.postgres;
    const cell = {
      name: CELL,
      pooler: stack.pooler,
      postgres: { host, port },
      maxBackends: CELL_BACKENDS,
      keys,
    };
    await registerCell(login, cell, uuidv7);
    const { superuser: user, password, tlsCa } = stack.postgres;
    return {
      dir,
      stack,
      login,
      superuser: { host, port, tlsCa, user, password: new Secret(password) },
      keys,
      keyFile,
      apiPassword,
      [Symbol.asyncDispose]: () => stack.stop(),
    };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** What making so many databases left to be written is written now, not while something is measured. */
export async function settle({ superuser }: BenchStack): Promise<void> {
  await withDatabase(
    superuser,
    "postgres",
    (connection) => connection.script("checkpoint"),
  );
}

/** Says which migrations the clinics were made with, when all are there. */
const BUILT = "built";

async function isBuilt(dir: string): Promise<boolean> {
  const built = await Deno.readTextFile(`${dir}/${BUILT}`).catch(() => "");
  return built === await buildHash();
}

async function buildHash(): Promise<string> {
  const parts = [await migrationsOf("central"), await migrationsOf("clinic")];
  return parts.map(migrationsHash).join(" ");
}

/** What runs left that were killed; a day later nobody uses it any more. */
async function removeForgotten(data: string): Promise<void> {
  const before = Date.now() - DAY_MS;
  for await (const { name } of Deno.readDir(data)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = `${data}/${name}`;
    const { mtime } = await Deno.lstat(path).catch(() => ({ mtime: null }));
    if (mtime === null || mtime.getTime() > before) continue;
    await Deno.remove(path, { recursive: true }).catch(() => {});
  }
}
