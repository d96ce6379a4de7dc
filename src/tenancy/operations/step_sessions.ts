import type { Connection } from "../../db/connection.ts";
import { type AdminLogin, openDatabase } from "../provisioning/admin.ts";

/** The sessions with clinics' databases that the steps of one operation share: each costs the server a process. */
export class StepSessions {
  readonly #sessions = new Map<string, Promise<Connection>>();

  /** Opens a database; the second time it is the same session, unless that was lost or could not be opened. */
  open(login: AdminLogin, database: string): Promise<Connection> {
    const before = this.#sessions.get(database) ?? Promise.resolve(undefined);
    const opening = before.catch(ignore).then((session) =>
      session && !session.lost ? session : openDatabase(login, database)
    );
    this.#sessions.set(database, opening);
    return opening;
  }

  /** Settles when none is open any more. */
  async close(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(
      sessions.map((opening) =>
        opening.then((session) => session.close(), ignore)
      ),
    );
  }
}

function ignore(): void {}
