import type { ServerIdentity } from "./authority.ts";
import { assertPortFree, HOST } from "./ports.ts";
import { ServerProcess } from "./server_process.ts";
import { ServiceFolder } from "./service_folder.ts";
import { renderTemplate } from "./template.ts";
import type { Tools } from "./tools.ts";

/** What {@link startPostgres} needs to know. */
export interface PostgresOptions {
  readonly tools: Tools;
  /** Belongs to the server; made on first use. Its parent must exist. */
  readonly dataDir: string;
  readonly port: number;
  readonly superuser: string;
  readonly superuserPassword: string;
  readonly identity: ServerIdentity;
  /** Added to `postgresql.conf`; they win over the template's. */
  readonly settings?: Readonly<Record<string, string>>;
  /** For tests: nothing is flushed to disk, so a crash loses the data. */
  readonly fast?: boolean;
}

/** A running PostgreSQL server, a child of this process. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** Where its socket is, for servers of the same user; none where its path would be too long. */
  readonly socketFolder: ServiceFolder | undefined;
  readonly pid: number;
  readonly alive: boolean;
  /** Fast shutdown: open transactions are rolled back. */
  stop(): Promise<void>;
}

const FAST = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  autovacuum: "off",
};

/** In bytes; the shortest of any system (macOS). */
const MAX_SOCKET_PATH = 103;

/** Paths are relative to the data folder. */
const TLS = `ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
ssl_min_protocol_version = 'TLSv1.3'`;

/**
 * Starts PostgreSQL on the loopback, as an unprivileged user, after `initdb` if
 * the folder is new. It ends with this process, whatever ends that (Linux).
 *
 * @throws {Error} if the port is taken or the server does not start
 */
export async function startPostgres(
  options: PostgresOptions,
): Promise<PostgresServer> {
  assertPortFree("PostgreSQL", options.port, "CLOISON_POSTGRES_PORT");
  const folder = await ServiceFolder.open(options.dataDir);
  await initialise(folder, options);
  await configure(folder, options);
  const server = new ServerProcess({
    name: "PostgreSQL",
    folder,
    argv: [`${options.tools.pgBin}/postgres`, "-D", `${folder.inside}/pg`],
    deathSignal: "INT",
  });
  await server.ready(() => accepts(folder, server.pid));
  const stop = () => server.stop("SIGINT", 30_000);
  return {
    port: options.port,
    socketFolder: hasSocket(folder) ? folder : undefined,
    pid: server.pid,
    get alive() {
      return server.alive;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function initialise(
  folder: ServiceFolder,
  { tools, superuser, superuserPassword, fast }: PostgresOptions,
): Promise<void> {
  if (await exists(`${folder.path}/pg/PG_VERSION`)) return;
  const fresh = `${folder.inside}/pg.new`;
  const secret = `${folder.inside}/pwfile`;
  // What an interrupted initdb left is thrown away; a finished one is renamed.
  await folder.run(["rm", "-rf", fresh]);
  await folder.write("pwfile", superuserPassword);
  try {
    await folder.run([
      `${tools.pgBin}/initdb`,
      `--pgdata=${fresh}`,
      `--username=${superuser}`,
      `--pwfile=${secret}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      // Order by bytes, so that no system library can change an index; but
      // lower('É') must be 'é'. Only Linux has this locale everywhere.
      "--locale=C",
      ...(Deno.build.os === "linux" ? ["--lc-ctype=C.UTF-8"] : []),
      ...(fast ? ["--no-sync"] : []),
    ]);
  } finally {
    await folder.run(["rm", "-f", secret]);
  }
  await folder.run(["mv", fresh, `${folder.inside}/pg`]);
}

async function configure(
  folder: ServiceFolder,
  { port, superuser, fast, settings, identity }: PostgresOptions,
): Promise<void> {
  const lines = Object.entries({ ...(fast ? FAST : {}), ...settings })
    .map(([name, value]) => `${name} = '${quoted(value)}'`);
  const conf = await renderTemplate("postgres/postgresql.conf.template", {
    port: String(port),
    socket_folder: hasSocket(folder) ? quoted(`"${folder.inside}"`) : "",
    recovery_sync: Deno.build.os === "linux" ? "syncfs" : "fsync",
    settings: lines.join("\n"),
    tls: TLS,
  });
  const hba = await renderTemplate("postgres/pg_hba.conf.template", {
    superuser,
    clients: `${HOST}/32`,
    host_type: "hostssl",
  });
  await folder.write("pg/server.pem", identity.certificate);
  await folder.write("pg/server.key", identity.key);
  await folder.write("pg/postgresql.conf", conf);
  await folder.write("pg/pg_hba.conf", hba);
}

function hasSocket({ inside }: ServiceFolder): boolean {
  const path = new TextEncoder().encode(`${inside}/.s.PGSQL.65535.lock`);
  return path.length <= MAX_SOCKET_PATH;
}

function quoted(value: string): string {
  return value.replaceAll("'", "''");
}

/** The server says so in its pid file: asking it would need a login. */
async function accepts(folder: ServiceFolder, pid: number): Promise<boolean> {
  const file = `${folder.path}/pg/postmaster.pid`;
  const lines = (await Deno.readTextFile(file).catch(() => "")).split("\n");
  return lines[0] === String(pid) && lines[7]?.trim() === "ready";
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
