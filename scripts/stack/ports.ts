/** The loopback ports of one stack. */
export interface StackPorts {
  readonly api: number;
  readonly pooler: number;
  readonly postgres: number;
}

/** Loopback only: nothing of a local stack is offered to the network. */
export const HOST = "127.0.0.1";

/** The name of the same in the servers' certificates: clients that check them must call it so. */
export const TLS_HOST = "localhost";

const SETTINGS = {
  api: { variable: "CLOISON_API_PORT", port: 8787 },
  pooler: { variable: "CLOISON_POOLER_PORT", port: 6543 },
  postgres: { variable: "CLOISON_POSTGRES_PORT", port: 5544 },
} as const;

/**
 * The ports to use, from the environment or the defaults.
 *
 * @throws {RangeError} if one is no port, is given twice, or is 5432, which
 * belongs to whatever PostgreSQL the machine already has
 */
export function readPorts(
  env: (name: string) => string | undefined,
): StackPorts {
  const ports = {
    api: readPort("api", env),
    pooler: readPort("pooler", env),
    postgres: readPort("postgres", env),
  };
  if (new Set(Object.values(ports)).size < 3) {
    throw new RangeError(
      `Cannot use ports ${Object.values(ports).join(", ")}: they must differ`,
    );
  }
  return ports;
}

function readPort(
  name: keyof typeof SETTINGS,
  env: (name: string) => string | undefined,
): number {
  const { variable, port: preset } = SETTINGS[name];
  const text = env(variable);
  if (text === undefined || text === "") return preset;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port >= 1024 && port <= 65535) || port === 5432) {
    throw new RangeError(
      `Cannot use ${variable}=${text}: give a port from 1024 to 65535, other than 5432`,
    );
  }
  return port;
}

/**
 * Below those that systems hand out to outgoing connections (from 32768 on Linux, 49152 elsewhere), one of which could
 * take a port between its choice and its use.
 */
const FREE_PORTS = { from: 20_000, count: 12_000 } as const;

/** Ports nobody listens on now, all different: for throw-away stacks. */
export function freePorts(): StackPorts {
  // Held together until all are known, so that they differ.
  const listeners = [listenSomewhere(), listenSomewhere(), listenSomewhere()];
  const [api, pooler, postgres] = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return { api: api!, pooler: pooler!, postgres: postgres! };
}

function listenSomewhere(): Deno.TcpListener {
  const { from, count } = FREE_PORTS;
  for (let tries = 0; tries < count; tries++) {
    const port = from + Math.floor(Math.random() * count);
    try {
      return Deno.listen({ hostname: HOST, port });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`No port from ${from} to ${from + count - 1} is free`);
}

/**
 * @param variable environment variable that chooses this port
 * @throws {Error} saying what to type, if something listens on the port
 */
export function assertPortFree(
  name: string,
  port: number,
  variable: string,
): void {
  try {
    Deno.listen({ hostname: HOST, port }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Error(
      `Cannot start ${name}: port ${port} is taken; ` +
        `stop what listens on it, or choose another: export ${variable}=${
          port + 1
        }`,
      { cause: error },
    );
  }
}
