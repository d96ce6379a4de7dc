import { Connection } from "../../src/db/connection.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import type { Secret } from "../../src/kernel/secret.ts";
import type { Address } from "./target.ts";

/** A log-in that is tried. */
export interface LogIn {
  readonly user: string;
  readonly password: Secret;
}

/** Of a log-in that nobody answered: a machine that has too much to do is not away. */
const TRIES = 3;

/**
 * Whether a log-in opens a database.
 * @throws {DatabaseError} when nobody answered: a server that is away proves nothing
 */
export async function opens(
  address: Address,
  database: string,
  login: LogIn,
): Promise<boolean> {
  for (let i = 1;; i++) {
    try {
      return await isLetIn(address, database, login);
    } catch (error) {
      const silent = error instanceof DatabaseError &&
        error.failure === "unavailable";
      if (!silent || i === TRIES) throw error;
    }
  }
}

async function isLetIn(
  address: Address,
  database: string,
  login: LogIn,
): Promise<boolean> {
  try {
    const connection = await Connection.open({
      host: address.host,
      port: address.port,
      tlsCa: address.tlsCa,
      database,
      user: login.user,
      password: login.password,
      applicationName: "cloison-drill",
    });
    await connection.close();
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && isRefusal(error)) return false;
    throw error;
  }
}

/** Wrong password, no right, no such database; and what a console says to who is no admin. */
function isRefusal({ failure, sqlState }: DatabaseError): boolean {
  return failure === "refused" || sqlState === "08P01";
}
