import { scramVerifier } from "../../src/crypto/scram.ts";
import type { ServerIdentity } from "./authority.ts";
import { assertPortFree, HOST } from "./ports.ts";
import type { PostgresServer } from "./postgres.ts";
import { ServerProcess } from "./server_process.ts";
import { ServiceFolder } from "./service_folder.ts";
import { renderTemplate } from "./template.ts";
import type { Tools } from "./tools.ts";

/** The only two passwords PgBouncer knows itself. */
export interface PgBouncerCredentials {
  /** Of `cloison_pgbouncer`, which may look verifiers up. */
  readonly pgbouncer: string;
  /** Of `cloison_pooler_admin`, who may use the admin console. */
  readonly poolerAdmin: string;
}

/** What {@link startPgBouncer} needs to know. */
export interface PgBouncerOptions {
  readonly tools: Tools;
  /** Belongs to the server; made on first use. Its parent must exist. */
  readonly dir: string;
  readonly port: number;
  readonly postgres: Pick<PostgresServer, "port" | "socketFolder">;
  readonly credentials: PgBouncerCredentials;
  readonly identity: ServerIdentity;
  /** PEM of the authority that PostgreSQL's certificate must come from. */
  readonly ca: string;
}

/** A running PgBouncer, a child of this process. */
export interface PgBouncerServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  readonly alive: boolean;
  /** Reads its files again; clients stay connected. */
  reload(): void;
  stop(): Promise<void>;
}

/**
 * Starts PgBouncer on the loopback, as an unprivileged user. It ends with this
 * process, whatever ends that (Linux).
 *
 * @throws {Error} if the port is taken or the server does not start
 */
export async function startPgBouncer(
  options: PgBouncerOptions,
): Promise<PgBouncerServer> {
  const { port, tools } = options;
  assertPortFree("PgBouncer", port, "CLOISON_POOLER_PORT");
  const folder = await ServiceFolder.open(options.dir);
  await configure(folder, options);
  const slash = tools.pgbouncer.lastIndexOf("/");
  const programs = tools.pgbouncer.slice(0, slash);
  const server = new ServerProcess({
    name: "PgBouncer",
    folder,
    programs,
    neighbour: options.postgres.socketFolder,
    argv: [
      `${folder.programs(programs)}${tools.pgbouncer.slice(slash)}`,
      `${folder.inside}/pgbouncer.ini`,
    ],
    // It keeps nothing that would have to be saved.
    deathSignal: "KILL",
  });
  await server.ready(() => accepts(port));
  // SIGINT lets running transactions end, and would wait for them for long.
  const stop = () => server.stop("SIGINT", 2_000);
  return {
    port,
    pid: server.pid,
    get alive() {
      return server.alive;
    },
    reload: () => server.signal("SIGHUP"),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function configure(
  folder: ServiceFolder,
  { port, postgres, credentials, identity, ca }: PgBouncerOptions,
): Promise<void> {
  const { socketFolder } = postgres;
  const postgresHost = socketFolder ? folder.neighbour(socketFolder) : HOST;
  const ini = await renderTemplate("pgbouncer/pgbouncer.ini.template", {
    port: String(port),
    postgres_port: String(postgres.port),
    postgres_host: `'${postgresHost.replaceAll("'", "''")}'`,
    folder: folder.inside,
    tls: tlsSettings(folder.inside),
  });
  const hba = await renderTemplate("pgbouncer/hba.conf.template", {
    clients: `${HOST}/32`,
    host_type: "hostssl",
  });
  // The console's password is only checked, so its verifier is enough.
  const admin = await scramVerifier(credentials.poolerAdmin);
  const users = `"cloison_pgbouncer" "${credentials.pgbouncer}"\n` +
    `"cloison_pooler_admin" "${admin}"\n`;
  await folder.write("server.pem", identity.certificate);
  await folder.write("server.key", identity.key);
  await folder.write("ca.pem", ca);
  await folder.write("pgbouncer.ini", ini);
  await folder.write("hba.conf", hba);
  await folder.write("userlist.txt", users);
}

/** To clients it shows its own certificate; PostgreSQL's must be good for the name it is called by. */
function tlsSettings(folder: string): string {
  return `client_tls_sslmode = require
client_tls_cert_file = ${folder}/server.pem
client_tls_key_file = ${folder}/server.key
client_tls_ca_file = ${folder}/ca.pem
client_tls_protocols = tlsv1.3
server_tls_sslmode = verify-full
server_tls_ca_file = ${folder}/ca.pem
server_tls_protocols = tlsv1.3`;
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: HOST, port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
