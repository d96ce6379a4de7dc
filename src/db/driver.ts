import { isIP, type Socket } from "node:net";
import postgres from "postgres";
import type { Secret } from "../kernel/secret.ts";
import { closedError, openSocket, type ServerAddress } from "./socket.ts";
import { type Parameter, TYPES } from "./values.ts";

/** Where a connection goes and as whom. */
export interface ConnectionTarget extends ServerAddress {
  readonly database: string;
  readonly user: string;
  readonly password: Secret;
  /** While the password is being changed: tried once where the other one is refused. */
  readonly nextPassword?: Secret | undefined;
  /** Shown in `pg_stat_activity` and in PgBouncer's console. */
  readonly applicationName: string;
}

export interface DriverEvents {
  /** Called before the driver would connect again for statements that still wait. */
  readonly onClose: () => void;
  readonly onNotification?: (payload: string) => void;
}

/** A statement of the driver; a promise of its rows. */
export interface DriverQuery extends Promise<unknown[]> {
  execute(): this;
  /** Set when the statement is written to the socket. */
  readonly state: unknown;
  /** Whether it is the one that the server answers now. */
  readonly active: boolean;
  /** Asks the server to stop it; or, when it was not sent yet, makes it fail. */
  canceller: ((query: DriverQuery) => Promise<void>) | null;
}

/** One connection, opened by the first statement; once closed it stays so. */
export interface DriverClient {
  /** With parameters; prepared by its first use. */
  prepared(text: string, parameters: readonly Parameter[]): DriverQuery;
  /** Several statements without parameters, as one message. */
  simple(text: string): DriverQuery;
  cancel(query: DriverQuery): void;
  /** Ends the session after what is in flight, at the latest after `seconds`. */
  end(seconds: number): Promise<void>;
  /** Closes the socket now, also one that is still connecting. */
  destroy(): void;
}

/** Options that the driver reads and its types leave out. */
type DriverOptions =
  & postgres.Options<Record<string, postgres.PostgresType>>
  & {
    readonly onnotify: (channel: string, payload: string) => void;
    readonly socket: () => Promise<Socket>;
    readonly max_pipeline: number;
  };

/** What the driver makes of its options, and takes in their place: then it reads neither them nor the environment. */
interface ParsedOptions {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly database: string;
  readonly user: string;
  readonly pass: () => string;
  readonly connection: { readonly application_name: string };
  readonly onclose: () => void;
  readonly onnotify: DriverOptions["onnotify"];
  readonly socket: () => Promise<Socket>;
  /** Filled by each client. */
  readonly parameters: object;
  readonly shared: object;
  /** Without it each client makes a second one, for logical replication, and keeps it. */
  readonly no_subscribe: true;
}

const LOGIN_TIMEOUT_S = 5;

/**
 * A driver client with exactly one connection.
 * This is the only file that imports the driver: see `connection.ts` for the reasons.
 * @throws {TypeError} for TLS to an IP address: the certificate could not be checked against it
 */
export function openDriver(
  target: ConnectionTarget,
  events: DriverEvents,
): DriverClient {
  if (target.tlsCa !== undefined && isIP(target.host)) {
    throw new TypeError("Cannot use TLS: host must be a DNS name");
  }
  const destroyed = new AbortController();
  const { signal } = destroyed;
  let connected = false;
  let socket: Socket | undefined;
  let cancels = 0;
  const client = openClient(target, events, async () => {
    if (cancels > 0) {
      cancels--;
      return await openSocket(target);
    }
    // Left to itself, the driver reconnects without end to a server that closes at once.
    if (connected) throw closedError();
    connected = true;
    return socket = await openSocket(target, signal);
  });
  forbidResending(client);
  keepErrorsBare(client);
  return {
    prepared: (text, parameters) =>
      client.unsafe(text, parameters as never[], PREPARED) as never,
    simple: (text) => client.unsafe(text) as never,
    cancel: (query) => {
      const cancel = query.canceller;
      query.canceller = null;
      if (!cancel) return;
      if (query.state) cancels++;
      cancel(query).catch(ignore);
    },
    end: (seconds) => client.end({ timeout: seconds }),
    destroy: () => {
      destroyed.abort(closedError());
      client.end({ timeout: 0 }).catch(ignore);
      socket?.destroy();
    },
  };
}

/** The driver's types do not know that `simple` is an option as well. */
const PREPARED = { prepare: true, simple: false } as { prepare: boolean };

function openClient(
  target: ConnectionTarget,
  { onClose, onNotification }: DriverEvents,
  socket: () => Promise<Socket>,
): postgres.Sql {
  const { host, port, database, user, password, applicationName } = target;
  const options: ParsedOptions = {
    ...COMMON_OPTIONS,
    host: [host],
    port: [port],
    database,
    user,
    // A function, so that the driver keeps no copy of the text in its options.
    pass: () => password.reveal(),
    connection: { application_name: applicationName },
    onclose: onClose,
    onnotify: (_channel, payload) => onNotification?.(payload),
    socket,
    parameters: {},
    shared: { retries: 0, typeArrayMap: {} },
    no_subscribe: true,
  };
  return postgres(options as unknown as DriverOptions);
}

/** The same for all clients. Every option is given, because for a missing one the driver asks the environment. */
const COMMON_OPTIONS = postgres({
  host: "unused",
  port: 1,
  database: "unused",
  username: "unused",
  password: "unused",
  ssl: false, // it is given sockets that are secured already
  max: 1,
  prepare: true,
  fetch_types: false, // one catalogue query per connection, for types that no table here uses
  idle_timeout: 0, // the pool decides when a connection ends
  max_lifetime: null,
  connect_timeout: LOGIN_TIMEOUT_S,
  max_pipeline: 100,
  backoff: false,
  keep_alive: 0,
  publications: "",
  debug: false,
  connection: { application_name: "" },
  onnotice: ignore,
  onclose: ignore,
  onnotify: ignore,
  socket: () => Promise.reject(closedError()),
  types: TYPES as Record<string, postgres.PostgresType>,
} as DriverOptions).options;

/**
 * After some errors the driver sends a prepared statement again, with parameters that it has already turned into text,
 * and turns them into text once more: bytes would be stored garbled. It notes the error in `retried` just before.
 */
function forbidResending(client: postgres.Sql): void {
  const query = Object.getPrototypeOf(client.unsafe(""));
  if (Object.hasOwn(query, "retried")) return;
  Object.defineProperty(query, "retried", {
    configurable: true,
    get: ignore,
    set: (error) => {
      throw error;
    },
  });
}

/**
 * The driver writes the statement and its parameters into every error, patients' data among them, and the place that
 * the statement came from into its stack: it has the stack put into words for that, 0.4 ms each, and remembers what it
 * found under the statement for ever. It does so only with errors that have no `query`, and asks a statement for its
 * `origin`.
 */
function keepErrorsBare(client: postgres.Sql): void {
  const query = Object.getPrototypeOf(client.unsafe(""));
  Object.defineProperty(query, "origin", { configurable: true, value: "" });
  const { prototype } = postgres.PostgresError;
  Object.defineProperty(prototype, "query", { configurable: true, value: "" });
}

function ignore(): void {}
