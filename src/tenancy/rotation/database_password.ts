import { randomPassword } from "../../crypto/scram.ts";
import { Connection } from "../../db/connection.ts";
import type { ConnectionTarget } from "../../db/driver.ts";
import { sql } from "../../db/sql.ts";
import {
  pauseDatabase,
  resumeDatabase,
  showClients,
} from "../../db/pooler_console.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import type { Clinic } from "../clinic.ts";
import { setPassword } from "../provisioning/clinic_database.ts";
import {
  readClinic,
  type RotationContext,
  settle,
  withClinicLock,
} from "./rotation_context.ts";
import { activate, announce } from "./secret_stages.ts";

const PURPOSE = "database-password";
const APPLICATION = "cloison-rotation";
const PAUSE_TIMEOUT_MS = 6_000;
const POLL_MS = 5;

/**
 * Gives a clinic's role a new password while people work in it. No request fails:
 *
 * PostgreSQL knows one password of a role, so the new one is announced first; an API process that meets the wrong one
 * tries the other. PgBouncer logs in to PostgreSQL with what its clients last logged in with: while the password
 * changes it holds the clinic's statements back, until somebody has logged in with the new one.
 *
 * An interrupted rotation is finished by the next.
 */
export function rotateDatabasePassword(
  context: RotationContext,
  clinicId: ClinicId,
): Promise<void> {
  return withClinicLock(context, clinicId, async (central) => {
    const number = await announce(central, context.keys, clinicId, {
      purpose: PURPOSE,
      make: () => Promise.resolve(new TextEncoder().encode(randomPassword())),
    });
    await settle(context);
    const clinic = await readClinic(context, central, clinicId);
    await changeInPostgres(context, central, clinic);
    await activate(central, clinicId, PURPOSE, number);
    // Nobody can use it any more; what is not kept cannot leak.
    await central.rows(sql`
      delete from clinic_secrets where clinic_id = ${clinicId}
        and purpose = ${PURPOSE} and retired_at is not null`);
  });
}

async function changeInPostgres(
  { console, pauseMilliseconds = PAUSE_TIMEOUT_MS }: RotationContext,
  central: Connection,
  { target }: Clinic,
): Promise<void> {
  const { database, nextPassword } = target;
  if (!nextPassword) throw new Error("Cannot rotate: nothing is announced");
  // An interrupted rotation may have left it paused, and the password changed.
  await resume(console, database);
  // As long as somebody is connected, the pooler knows the database.
  const before = await Connection.open(target);
  try {
    const pause = await pauseDatabase(console, database, pauseMilliseconds);
    if (pause !== "paused") {
      throw new Error("Cannot rotate: the clinic's statements do not end");
    }
    try {
      await setPassword(central, database, nextPassword);
      await logInBehindPause(console, { ...target, password: nextPassword });
    } finally {
      await resume(console, database);
    }
  } finally {
    await before.close();
  }
}

/** Shows the pooler the new password: it logs in to PostgreSQL with what it was shown last. */
async function logInBehindPause(
  console: ConnectionTarget,
  target: ConnectionTarget,
): Promise<void> {
  const login = Connection.open({
    ...target,
    nextPassword: undefined,
    applicationName: APPLICATION,
  });
  let over = false;
  const ended = login.then((connection) => connection.close())
    .finally(() => over = true);
  await Promise.race([
    ended,
    isLoggedIn(console, target.database, () => over),
  ]);
  // What it says once the pause has ended is of no more interest.
  ended.catch(() => {});
}

/** It has shown its password when its first statement waits for the pause to end. */
async function isLoggedIn(
  console: ConnectionTarget,
  database: string,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const clients = await showClients(console);
    const found = clients.find((client) =>
      client.database === database && client.application_name === APPLICATION
    );
    if (found && /^(active|waiting)$/.test(found.state)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Also when it is not paused, which the console calls an error. */
async function resume(
  console: ConnectionTarget,
  database: string,
): Promise<void> {
  await resumeDatabase(console, database).catch(() => {});
}
