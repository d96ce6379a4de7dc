import { openAuthority } from "./authority.ts";
import { bootstrapCluster } from "./bootstrap.ts";
import { type Login, openCredentials } from "./credentials.ts";
import { startPgBouncer } from "./pgbouncer.ts";
import { type StackPorts, TLS_HOST } from "./ports.ts";
import { startPostgres } from "./postgres.ts";
import { findTools, type Tools } from "./tools.ts";

/** What {@link openStack} needs to know. */
export interface StackOptions {
  /** Absolute path of the stack's folder; made on first use. */
  readonly dir: string;
  readonly ports: Pick<StackPorts, "postgres" | "pooler">;
  /** For tests: nothing is flushed to disk, so a crash loses the data. */
  readonly fast?: boolean;
  /** Added to `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** How a server of a stack is reached: over TLS, by the name that its certificate carries. */
export interface StackAddress {
  readonly host: string;
  readonly port: number;
  /** PEM of the authority that signed the server's certificate. */
  readonly tlsCa: string;
}

/** A server of a stack. */
export type StackPart = "postgres" | "pooler";

/** PostgreSQL and PgBouncer, running and set up, without a clinic. */
export interface Stack extends AsyncDisposable {
  readonly tools: Tools;
  readonly postgres: StackAddress & {
    readonly superuser: string;
    readonly password: string;
  };
  readonly pooler: StackAddress;
  /** The file that holds `tlsCa`: `psql` wants `sslmode=verify-full sslrootcert=<it>`. */
  readonly tlsCaFile: string;
  readonly credentials: {
    readonly worker: Login;
    readonly api: Login;
    readonly backup: Login;
    readonly pgbouncer: Login;
    readonly poolerAdmin: Login;
  };
  /** Do both servers run? */
  readonly alive: boolean;
  /** Of the servers that have been started last. */
  readonly pids: readonly number[];
  /** Stops one server, as an outage would: for tests of what happens then. */
  halt(part: StackPart): Promise<void>;
  /** Starts a server again that was halted or has died. */
  resume(part: StackPart): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL, sets the cluster up if it is new, and starts PgBouncer in
 * front of it. Passwords and data are kept in `dir` for the next time.
 *
 * @throws {Error} saying what to do, if a program is missing or a port taken
 */
export async function openStack(options: StackOptions): Promise<Stack> {
  const { dir, ports, fast = false, settings = {} } = options;
  const tools = await findTools();
  await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  const credentials = await openCredentials(`${dir}/credentials.json`);
  const { superuser, ...logins } = credentials;
  const authority = await openAuthority(dir);
  const start = {
    postgres: () =>
      startPostgres({
        tools,
        dataDir: `${dir}/postgres`,
        port: ports.postgres,
        superuser: superuser.user,
        superuserPassword: superuser.password,
        identity: authority.postgres,
        settings,
        fast,
      }),
    pooler: () =>
      startPgBouncer({
        tools,
        dir: `${dir}/pgbouncer`,
        port: ports.pooler,
        postgres: servers.postgres,
        identity: authority.pooler,
        ca: authority.ca,
        credentials: {
          pgbouncer: logins.pgbouncer.password,
          poolerAdmin: logins.poolerAdmin.password,
        },
      }),
  };
  const servers: {
    postgres: Awaited<ReturnType<typeof startPostgres>>;
    pooler?: Awaited<ReturnType<typeof startPgBouncer>>;
  } = { postgres: await start.postgres() };

  async function stop(): Promise<void> {
    await servers.pooler?.stop();
    await servers.postgres.stop();
  }

  try {
    const marker = `${dir}/bootstrap.sha256`;
    await bootstrapCluster({
      tools,
      port: ports.postgres,
      credentials,
      caFile: authority.caFile,
      marker,
    });
    servers.pooler = await start.pooler();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    tools,
    postgres: {
      host: TLS_HOST,
      port: ports.postgres,
      tlsCa: authority.ca,
      superuser: superuser.user,
      password: superuser.password,
    },
    pooler: { host: TLS_HOST, port: ports.pooler, tlsCa: authority.ca },
    tlsCaFile: authority.caFile,
    credentials: logins,
    get alive() {
      return servers.postgres.alive && servers.pooler?.alive === true;
    },
    get pids() {
      return [servers.postgres, servers.pooler]
        .flatMap((server) => server === undefined ? [] : [server.pid]);
    },
    halt: async (part) => await servers[part]?.stop(),
    resume: async (part) => {
      if (servers[part]?.alive === true) return;
      if (part === "postgres") servers.postgres = await start.postgres();
      else servers.pooler = await start.pooler();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
