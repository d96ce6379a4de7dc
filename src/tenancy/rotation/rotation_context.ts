import type { KeyProvider } from "../../crypto/key_provider.ts";
import type { Connection } from "../../db/connection.ts";
import type { ConnectionTarget } from "../../db/driver.ts";
import { sql } from "../../db/sql.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import type { Clinic } from "../clinic.ts";
import { ClinicRegistry } from "../directory/clinic_registry.ts";
import { openClinic } from "../directory/clinic_secrets.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  withDatabase,
} from "../provisioning/admin.ts";

/** What the worker rotates with. */
export interface RotationContext {
  readonly login: AdminLogin;
  /** The keys of the clinic's cell. */
  readonly keys: KeyProvider;
  /** PgBouncer's console in the clinic's cell. */
  readonly console: ConnectionTarget;
  /** Waits until every API process knows what was announced before; two seconds unless told. */
  readonly settle?: () => Promise<void>;
  /** How long the clinic's transactions may take to end while its other statements wait; 6,000 unless told. */
  readonly pauseMilliseconds?: number;
}

/** An API process that cannot hear announcements believes what it knows for one second. */
const SETTLE_MS = 2_000;

export function settle(context: RotationContext): Promise<void> {
  if (context.settle) return context.settle();
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/** Runs `fn` on the central database; two rotations of one clinic take turns. */
export function withClinicLock<T>(
  { login }: Pick<RotationContext, "login">,
  clinicId: ClinicId,
  fn: (central: Connection) => Promise<T>,
): Promise<T> {
  return withDatabase(login, CENTRAL_DATABASE, async (central) => {
    // Held by the session, and so until the connection ends.
    await central.rows(sql`
      select pg_advisory_lock(hashtextextended('rotation/' || ${clinicId}, 0))`);
    return await fn(central);
  });
}

/** @throws {Error} when there is no such clinic, {SealError} when its secrets do not open */
export async function readClinic(
  { keys, login: { tlsCa } }: RotationContext,
  central: Connection,
  clinicId: ClinicId,
): Promise<Clinic> {
  const registry = new ClinicRegistry({
    read: (statement) => central.rows(statement),
  });
  const row = await registry.byId(clinicId);
  if (!row) throw new Error("Cannot rotate: there is no such clinic");
  return await openClinic(row, keys, { tlsCa });
}
