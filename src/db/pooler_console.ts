import { type ConnectionTarget, openDriver } from "./driver.ts";
import { toDatabaseError } from "./errors.ts";
import { identifier, sql } from "./sql.ts";

/** A line of `SHOW POOLS`: one database and one role. */
export interface PoolLine {
  readonly database: string;
  readonly user: string;
  /** Clients that run something, and clients that wait for a backend. */
  readonly cl_active: number;
  readonly cl_waiting: number;
  /** Backends that run something, and backends that do not. */
  readonly sv_active: number;
  readonly sv_idle: number;
}

/** A line of `SHOW CLIENTS`: one client connection. */
export interface ClientLine {
  readonly database: string;
  readonly user: string;
  readonly state: string;
  readonly application_name: string;
}

/** A line of `SHOW SERVERS`: one backend. */
export interface ServerLine {
  readonly database: string;
  readonly user: string;
  readonly state: string;
  /** 1 when it is to be closed as soon as its transaction ends. */
  readonly close_needed: number;
  readonly remote_pid: number;
}

/**
 * Makes PgBouncer replace its backends of one database: each as soon as its transaction ends, with no harm to clients.
 * After a migration they would refuse statements that they had prepared before it.
 *
 * Clients keep the columns and types that they learnt when they first ran a statement: where a migration changes those
 * of a statement that is in use, their pools must be opened anew as well.
 * @param console its database is `pgbouncer`
 * @throws {DatabaseError}
 */
export async function reconnectDatabase(
  console: ConnectionTarget,
  database: string,
): Promise<void> {
  await ask(console, sql`reconnect ${identifier(database)}`.render().text);
}

/** What came of a pause: it is on; it is off again, for transactions did not end; or there was nothing to pause. */
export type Pause = "paused" | "busy" | "unknown";

/**
 * Lets the transactions of one database end, closes its backends, and makes its clients wait until `resumeDatabase`.
 *
 * PgBouncer must never be told to resume while somebody still waits for it to pause: at best the one who waits does so
 * for ever, at worst the whole process ends (pgbouncer#715). So whoever waited is gone before a pause is given up.
 * @param milliseconds how long the transactions may take
 * @throws {DatabaseError}
 */
export async function pauseDatabase(
  console: ConnectionTarget,
  database: string,
  milliseconds: number,
): Promise<Pause> {
  const known = await ask<{ name: string }>(console, "show databases");
  if (!known.some(({ name }) => name === database)) return "unknown";
  const applicationName = `cloison-pause-${crypto.randomUUID()}`;
  const client = openDriver({ ...console, applicationName }, {
    onClose: ignore,
  });
  const late = Promise.withResolvers<Pause>();
  const timer = setTimeout(() => late.resolve("busy"), milliseconds);
  let pause: Pause;
  try {
    const command = client.simple(
      sql`pause ${identifier(database)}`.render().text,
    ).then((): Pause => "paused");
    pause = await Promise.race([command, late.promise]);
  } catch (error) {
    throw toDatabaseError(error, "ask the pooler");
  } finally {
    clearTimeout(timer);
    client.destroy();
  }
  if (pause === "busy") {
    await isGone(console, applicationName);
    await resumeDatabase(console, database);
  }
  return pause;
}

async function isGone(
  console: ConnectionTarget,
  applicationName: string,
): Promise<void> {
  let clients: ClientLine[];
  do clients = await showClients(console); while (
    clients.some((client) => client.application_name === applicationName)
  );
}

/** @throws {DatabaseError} also when it was not paused */
export async function resumeDatabase(
  console: ConnectionTarget,
  database: string,
): Promise<void> {
  await ask(console, sql`resume ${identifier(database)}`.render().text);
}

/** @throws {DatabaseError} */
export async function showVersion(console: ConnectionTarget): Promise<string> {
  const [line] = await ask<{ version: string }>(console, "show version");
  return line?.version ?? "unknown";
}

/** @throws {DatabaseError} */
export function showClients(console: ConnectionTarget): Promise<ClientLine[]> {
  return ask(console, "show clients");
}

/** @throws {DatabaseError} */
export function showPools(console: ConnectionTarget): Promise<PoolLine[]> {
  return ask(console, "show pools");
}

/** @throws {DatabaseError} */
export function showServers(console: ConnectionTarget): Promise<ServerLine[]> {
  return ask(console, "show servers");
}

/** The console knows the simple protocol only. */
async function ask<Line>(
  console: ConnectionTarget,
  command: string,
): Promise<Line[]> {
  const client = openDriver(console, { onClose: ignore });
  try {
    return [...await client.simple(command)] as Line[];
  } catch (error) {
    throw toDatabaseError(error, "ask the pooler");
  } finally {
    await client.end(1).catch(ignore);
    client.destroy();
  }
}

function ignore(): void {}
