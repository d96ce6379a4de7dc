import * as v from "valibot";
import type { ConnectionTarget } from "../../src/db/driver.ts";
import { Secret } from "../../src/kernel/secret.ts";
import type { AdminLogin } from "../../src/tenancy/provisioning/admin.ts";
import { readDevFile } from "../dev/dev_file.ts";
import { CELL, type DevPaths } from "../dev/paths.ts";
import { openCredentials } from "../stack/credentials.ts";
import { task } from "./task.ts";

/** What the operator's commands work with: the admin login of a cell and its key-encryption keys. */
export interface Operator {
  readonly login: AdminLogin;
  readonly cell: string;
  readonly keys: Secret;
  /** Key-encryption key of the platform's own secrets; undefined where nobody gave it. */
  readonly platformKeys: Secret | undefined;
  /** The cell's pooler, for what has to hold clients back; undefined where nobody gave its password. */
  readonly console: ConnectionTarget | undefined;
  /** What to do when the cluster does not answer. */
  readonly hint: string;
  /** Address of the API that runs with it, where it is known. */
  readonly api: string | undefined;
}

const Text = v.pipe(v.string(), v.minLength(1, "must not be empty"));

const Port = v.pipe(
  v.string(),
  v.regex(/^\d{1,5}$/, "must be a port number"),
  v.transform(Number),
  v.maxValue(65_535, "must be a port number"),
);

const Environment = v.object({
  CLOISON_ADMIN_HOST: Text,
  CLOISON_ADMIN_PORT: Port,
  CLOISON_ADMIN_USER: v.optional(Text, "cloison_worker"),
  CLOISON_ADMIN_PASSWORD: Text,
  CLOISON_ADMIN_CELL: v.optional(Text, CELL),
  CLOISON_ADMIN_KEY: Text,
  CLOISON_ADMIN_PLATFORM_KEY: v.optional(Text),
  CLOISON_ADMIN_TLS_CA: v.optional(Text),
  CLOISON_ADMIN_POOLER_HOST: v.optional(Text),
  CLOISON_ADMIN_POOLER_PORT: v.optional(Port, "6432"),
  CLOISON_ADMIN_POOLER_USER: v.optional(Text, "cloison_pooler_admin"),
  CLOISON_ADMIN_POOLER_PASSWORD: v.optional(Text),
});

const PREFIX = "CLOISON_ADMIN_";

/**
 * The `CLOISON_ADMIN_*` variables where there are any (`NAME_FILE` may stand for any `NAME`), the dev stack of this
 * folder otherwise.
 * @throws {Error} with one line that says what to type
 */
export async function openOperator(
  env: Readonly<Record<string, string>>,
  paths: DevPaths,
): Promise<Operator> {
  if (Object.keys(env).some((name) => name.startsWith(PREFIX))) {
    return await fromEnvironment(env);
  }
  const file = await readDevFile(paths.devFile);
  if (!file) {
    throw new Error(
      `There is no dev stack here yet; to start one, type: ${
        task("dev --detach")
      }`,
    );
  }
  const { worker, poolerAdmin } = await openCredentials(paths.credentials);
  const { host, port } = file.postgres;
  const tlsCa = file.tls && await Deno.readTextFile(file.tls.caFile);
  return {
    login: {
      host,
      port,
      tlsCa,
      user: worker.user,
      password: new Secret(worker.password),
    },
    cell: CELL,
    keys: new Secret(await Deno.readTextFile(paths.keyFile)),
    platformKeys: await readSecret(paths.platformKeyFile),
    console: consoleTarget({ ...file.pooler, ...poolerAdmin, tlsCa }),
    hint: `is the dev stack running? To start it, type: ${
      task("dev --detach")
    }`,
    api: file.api,
  };
}

async function fromEnvironment(
  env: Readonly<Record<string, string>>,
): Promise<Operator> {
  const parsed = v.safeParse(Environment, await readFiles(env));
  if (!parsed.success) {
    const problems = parsed.issues.map((issue) => {
      const name = String(issue.path?.[0]?.key);
      return issue.received === "undefined"
        ? `${name} is missing`
        : `${name} ${issue.message}`;
    });
    throw new Error(`Cannot read configuration: ${problems.join("; ")}`);
  }
  const set = parsed.output;
  return {
    login: {
      host: set.CLOISON_ADMIN_HOST,
      port: set.CLOISON_ADMIN_PORT,
      user: set.CLOISON_ADMIN_USER,
      password: new Secret(set.CLOISON_ADMIN_PASSWORD),
      tlsCa: set.CLOISON_ADMIN_TLS_CA,
    },
    cell: set.CLOISON_ADMIN_CELL,
    keys: new Secret(set.CLOISON_ADMIN_KEY),
    platformKeys: set.CLOISON_ADMIN_PLATFORM_KEY === undefined
      ? undefined
      : new Secret(set.CLOISON_ADMIN_PLATFORM_KEY),
    console: set.CLOISON_ADMIN_POOLER_PASSWORD === undefined
      ? undefined
      : consoleTarget({
        host: set.CLOISON_ADMIN_POOLER_HOST ?? set.CLOISON_ADMIN_HOST,
        port: set.CLOISON_ADMIN_POOLER_PORT,
        user: set.CLOISON_ADMIN_POOLER_USER,
        password: set.CLOISON_ADMIN_POOLER_PASSWORD,
        tlsCa: set.CLOISON_ADMIN_TLS_CA,
      }),
    hint: "look at CLOISON_ADMIN_HOST and CLOISON_ADMIN_PORT",
    api: undefined,
  };
}

interface ConsoleLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tlsCa: string | undefined;
}

function consoleTarget(
  { password, ...login }: ConsoleLogin,
): ConnectionTarget {
  return {
    ...login,
    password: new Secret(password),
    database: "pgbouncer",
    applicationName: "cloison-operator",
  };
}

async function readFiles(
  env: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX)) continue;
    if (!name.endsWith("_FILE")) {
      values[name] ??= value;
      continue;
    }
    try {
      const text = await Deno.readTextFile(value);
      values[name.slice(0, -"_FILE".length)] = text.trim();
    } catch (error) {
      throw new Error(`${name} cannot be read: ${(error as Error).name}`);
    }
  }
  return values;
}

/** @returns undefined when there is no such file */
async function readSecret(path: string): Promise<Secret | undefined> {
  try {
    return new Secret(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
