import { drainOutbox } from "../../audit/outbox_relay.ts";
import type { Connection } from "../../db/connection.ts";
import { identifier, type Sql, sql } from "../../db/sql.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import {
  type AdminLogin,
  OWNER_ROLE,
  withDatabase,
} from "../provisioning/admin.ts";
import { ddl } from "../provisioning/template.ts";

/** What a database had not told the trail yet would be lost with it, erasures too. */
export class TrailNotDrained extends Error {
  override readonly name = "TrailNotDrained";

  constructor(clinicId: ClinicId, cause: unknown) {
    super(
      `Cannot restore clinic ${clinicId}: its present database cannot be asked what is not on the trail yet (trail-not-drained)`,
      { cause },
    );
  }
}

/**
 * Brings what waits in a clinic's outbox to the central trail, and with it every erasure to the ledger, before the
 * database is replaced. One that is not there has nothing to tell.
 * @throws {TrailNotDrained}
 */
export async function drainDatabase(
  login: AdminLogin,
  central: Connection,
  clinicId: ClinicId,
  database: string,
): Promise<void> {
  const [found] = await central.rows(
    sql`select from pg_database where datname = ${database}`,
  );
  if (!found) return;
  const store = (statement: Sql) => central.rows(statement);
  try {
    await withDatabase(login, database, async (connection) => {
      await ddl(connection, sql`set role ${identifier(OWNER_ROLE)}`);
      do {
        await drainOutbox(connection, store, clinicId);
      } while (await isRelayedElsewhere(connection));
    });
  } catch (error) {
    throw new TrailNotDrained(clinicId, error);
  }
}

/** Waits for another relay that has events under way: their lines are there when it has ended, or nobody's. */
async function isRelayedElsewhere(connection: Connection): Promise<boolean> {
  return await connection.transaction("read write", async (run) => {
    const waiting = await run.rows(sql`
      select from audit_outbox where relayed_at is null limit 1 for update`);
    return waiting.length > 0;
  });
}
