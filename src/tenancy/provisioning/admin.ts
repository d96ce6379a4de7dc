import { Connection } from "../../db/connection.ts";
import type { ConnectionTarget } from "../../db/driver.ts";
import type { Secret } from "../../kernel/secret.ts";

/** The worker's login to a cell's cluster: straight to PostgreSQL, never through the pooler. */
export interface AdminLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
  readonly tlsCa?: string | undefined;
}

export const CENTRAL_DATABASE = "cloison_central";
/** Owns every database and what is in it; nobody logs in as it. */
export const OWNER_ROLE = "cloison_owner";

/** Opens a connection to one database of the cluster. */
export function openDatabase(
  login: AdminLogin,
  database: string,
): Promise<Connection> {
  const target: ConnectionTarget = {
    ...login,
    database,
    applicationName: "cloison-worker",
  };
  return Connection.open(target);
}

/** Runs `fn` on a connection to one database of the cluster, then closes it. */
export async function withDatabase<T>(
  login: AdminLogin,
  database: string,
  fn: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await openDatabase(login, database);
  try {
    return await fn(connection);
  } finally {
    await connection.close();
  }
}
