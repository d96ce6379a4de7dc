import type { Config } from "../../src/config/config.ts";
import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import { PasswordHasher } from "../../src/crypto/passwords.ts";
import { readMigrations } from "../../src/db/migrations.ts";
import { sql } from "../../src/db/sql.ts";
import type {
  AccessTokens,
  AccessTokensOptions,
} from "../../src/http/access_tokens.ts";
import type { TimeLimits } from "../../src/http/limits/deadline.ts";
import type { Rates } from "../../src/http/limits/open_rate_limits.ts";
import { type Clock, systemClock } from "../../src/kernel/clock.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { createLogger } from "../../src/kernel/log.ts";
import type { StaffRole } from "../../src/kernel/permissions.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { openRuntime } from "../../src/runtime.ts";
import { SettableShare } from "../../src/tenancy/pools/budget_share.ts";
import type { ClinicDirectory } from "../../src/tenancy/directory/clinic_directory.ts";
import type { ClinicPools } from "../../src/tenancy/pools/clinic_pools.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { Provisioner } from "../../src/tenancy/provisioning/provisioner.ts";
import { type TestStack, testStack, workerLogin } from "./test_stack.ts";

/** A clinic of a test, with one account for each role. */
export interface TestClinic {
  readonly id: string;
  readonly slug: string;
  readonly database: string;
  readonly password: string;
}

/** An API of its own over the run's servers, with clinics of its own. Real HTTP, PostgreSQL and PgBouncer. */
export class World implements AsyncDisposable {
  readonly stack: TestStack;
  readonly url: string;
  readonly clinics: readonly TestClinic[];
  readonly logLines: string[];
  /** The folder that letters are put into. */
  readonly outbox: string;
  readonly directory: ClinicDirectory;
  readonly pools: ClinicPools;
  readonly tokens: AccessTokens;
  readonly #close: () => Promise<void>;

  constructor(
    parts: Omit<World, "close" | "clinic" | typeof Symbol.asyncDispose>,
    close: () => Promise<void>,
  ) {
    this.stack = parts.stack;
    this.url = parts.url;
    this.clinics = parts.clinics;
    this.logLines = parts.logLines;
    this.outbox = parts.outbox;
    this.directory = parts.directory;
    this.pools = parts.pools;
    this.tokens = parts.tokens;
    this.#close = close;
  }

  clinic(index: number): TestClinic {
    const clinic = this.clinics[index];
    if (!clinic) throw new RangeError(`There is no clinic ${index}`);
    return clinic;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

export interface WorldOptions {
  /** Where the folder of letters is made; the system's own place for such things unless told. */
  readonly folder?: string;
  readonly clinics?: number;
  /** Number of the last migration of the clinics; that of the last there is, unless told. */
  readonly schema?: number;
  readonly clock?: Clock;
  /** Those that are left out are too high to be met. */
  readonly rates?: Partial<Rates>;
  readonly time?: Partial<TimeLimits>;
  readonly auditReads?: Config["auditReads"];
  /** Those of production unless told. */
  readonly accessTokenSeconds?: number;
  readonly corsOrigins?: readonly string[];
  readonly trustedProxies?: readonly string[];
  /** Other servers than the run's: for tests that weaken or stop them. */
  readonly stack?: TestStack;
  /** What verifies tokens instead: for tests that show what a weaker one lets through. */
  readonly tokens?: new (options: AccessTokensOptions) => AccessTokens;
}

/** How long access tokens last in a world that logs people in once, and runs for long. */
export const LONG_TOKENS = { accessTokenSeconds: 7_200 };

const NO_LIMIT = { quota: 1_000_000, seconds: 3_600 };
const ISSUER = "http://127.0.0.1";
/** Backends that the API of one test may hold. */
const BACKENDS = 20;

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { clinics: count = 2, clock = systemClock } = options;
  const stack = options.stack ?? testStack();
  const keyText = new Secret(Deno.readTextFileSync(stack.keyFile));
  const logLines: string[] = [];
  const outbox = await Deno.makeTempDir({
    prefix: "cloison-mail-",
    ...(options.folder === undefined ? {} : { dir: options.folder }),
  });
  const clinics = await Promise.all(
    Array.from(
      { length: count },
      () => addClinic(stack, new LocalKeyProvider(keyText), options.schema),
    ),
  );
  const runtime = await openRuntime(
    worldConfig(options, stack, keyText, outbox),
    {
      log: createLogger({ write: (line) => logLines.push(line), clock }),
      clock,
      newId: uuidv7,
      share: new SettableShare(BACKENDS),
      ...(options.tokens ? { tokens: options.tokens } : {}),
    },
  );
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    runtime.app.fetch,
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const { directory, pools, tokens } = runtime;
  return new World(
    { stack, url, clinics, logLines, outbox, directory, pools, tokens },
    async () => {
      await server.shutdown();
      await runtime.close();
      await Deno.remove(outbox, { recursive: true });
    },
  );
}

function worldConfig(
  options: WorldOptions,
  stack: TestStack,
  keys: Secret,
  outbox: string,
): Config {
  const { user, password } = stack.credentials.api;
  const login = {
    database: CENTRAL_DATABASE,
    user,
    password: new Secret(password),
  };
  const requestMilliseconds = options.time?.requestMilliseconds ?? 10_000;
  const bodyMilliseconds = options.time?.bodyMilliseconds ?? 6_000;
  return {
    listen: { host: "127.0.0.1", port: 0 },
    publicUrl: ISSUER,
    central: { ...login, ...stack.pooler, tlsCa: stack.pooler.tlsCa },
    centralDirect: {
      ...login,
      host: stack.postgres.host,
      port: stack.postgres.port,
      tlsCa: stack.postgres.tlsCa,
    },
    cellKeys: new Map([[
      stack.cell,
      { kind: "local", variable: "CLOISON_KEY_LOCAL", keys },
    ]]),
    platformKey: platformKey(stack),
    tlsCa: stack.pooler.tlsCa,
    accessTokenSeconds: options.accessTokenSeconds ?? 600,
    sessionSeconds: 43_200,
    corsOrigins: options.corsOrigins ?? [],
    trustedProxies: options.trustedProxies ?? [],
    auditReads: options.auditReads ?? "refuse",
    centralOutageSeconds: 300,
    requestSeconds: requestMilliseconds / 1000,
    bodySeconds: bodyMilliseconds / 1000,
    rates: {
      actor: NO_LIMIT,
      clinic: NO_LIMIT,
      login: NO_LIMIT,
      loginNetwork: NO_LIMIT,
      loginAccount: NO_LIMIT,
      ...options.rates,
    },
    mail: {
      delivery: { kind: "outbox", folder: outbox },
      linkBase: "https://app.test",
    },
    shutdownSeconds: 10,
  };
}

function platformKey({ platformKeyFile }: TestStack): Config["platformKey"] {
  if (platformKeyFile === undefined) return undefined;
  const keys = new Secret(Deno.readTextFileSync(platformKeyFile));
  return { kind: "local", variable: "CLOISON_KEY_PLATFORM", keys };
}

const ROLES: readonly StaffRole[] = [
  "physician",
  "practitioner",
  "nurse",
  "secretary",
  "readonly",
];

/** The e-mail address of a test clinic's account of that role. */
export function emailOf(role: StaffRole): string {
  return `${role}@clinic.test`;
}

async function addClinic(
  stack: TestStack,
  keys: LocalKeyProvider,
  schema?: number,
): Promise<TestClinic> {
  const login = workerLogin(stack);
  const slug = `test-${crypto.randomUUID().slice(0, 13)}`;
  const provisioner = new Provisioner({
    login,
    cell: stack.cell,
    keys,
    migrations: (await readMigrations(
      new URL("../../migrations/clinic/", import.meta.url),
    )).slice(0, schema),
    hasher: new PasswordHasher(),
    newId: uuidv7,
  });
  const made = await provisioner.create(
    { slug, name: `Clinic ${slug}`, email: `${slug}@clinic.test`, phone: null },
    { email: emailOf("admin"), givenNames: "Ada", familyName: "Admin" },
  );
  await withDatabase(login, made.database, async (connection) => {
    await connection.script("set role cloison_owner");
    await Promise.all(ROLES.map((role) =>
      connection.rows(sql`
        insert into staff (id, email, given_names, family_name, role, state, password_hash)
        select ${uuidv7()}, ${
        emailOf(role)
      }, 'Test', ${role}, ${role}, 'active',
          password_hash from staff where role = 'admin'`)
    ));
  });
  const { id, database, admin } = made;
  return { id, slug, database, password: admin.password.reveal() };
}
