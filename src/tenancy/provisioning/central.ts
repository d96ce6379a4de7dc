import { isIP } from "node:net";
import type { Connection } from "../../db/connection.ts";
import { migrate, type Migration } from "../../db/migrations.ts";
import type { KeyProvider } from "../../crypto/key_provider.ts";
import { sql } from "../../db/sql.ts";
import type { NewId } from "../../kernel/ids.ts";
import { ensureCellProbe } from "../directory/cell_probe.ts";
import { FleetLedger } from "../fleet/fleet_ledger.ts";
import {
  CURRENT_CLINIC_SCHEMA,
  MINIMUM_CLINIC_SCHEMA,
} from "../fleet/supported_schema.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  OWNER_ROLE,
  withDatabase,
} from "./admin.ts";

export interface NewCell {
  readonly name: string;
  readonly pooler: { readonly host: string; readonly port: number };
  readonly postgres: { readonly host: string; readonly port: number };
  /** Connections that all API processes together may cause for its clinics. */
  readonly maxBackends: number;
  /** Leaves a probe, by which a wrong key shows; without them, the first clinic's provisioning does. */
  readonly keys?: KeyProvider;
}

/**
 * Connections of PostgreSQL that no budget may count on, besides `superuser_reserved_connections`: the pooler's own
 * pools (10 to the central database and 2 to look verifiers up), one for each API process to hear of changes, and the
 * rest for provisioning, migrations, backups and whoever has to look.
 */
const KEPT_CONNECTIONS = 30;

/** Brings the central database up to date, and tells it whom this program's clinics serve. @returns the migrations that were applied */
export function migrateCentral(
  login: AdminLogin,
  migrations: readonly Migration[],
): Promise<Migration[]> {
  return withDatabase(
    login,
    CENTRAL_DATABASE,
    async (central) => {
      const applied = await migrate(central, migrations, OWNER_ROLE);
      // Before the first clinic is made with it.
      await new FleetLedger(central).declare(
        CURRENT_CLINIC_SCHEMA,
        MINIMUM_CLINIC_SCHEMA,
      );
      return applied;
    },
  );
}

/**
 * Registers a cell, or tells the registry where it is by now.
 * @throws {Error} when its budget could use up the server's connections
 * @throws {Error} when the cell was sealed with other keys than these, or its pooler could not be reached over TLS
 */
export async function registerCell(
  login: AdminLogin,
  cell: NewCell,
  newId: NewId,
): Promise<void> {
  if (login.tlsCa !== undefined && isIP(cell.pooler.host)) {
    throw new TypeError("Cannot register cell: pooler must be a DNS name");
  }
  await withDatabase(login, CENTRAL_DATABASE, async (central) => {
    const { postgres, maxBackends } = cell;
    await requireRoom(central, login, postgres, maxBackends);
    await central.rows(sql`
      insert into cells (id, name, pooler_host, pooler_port, postgres_host,
        postgres_port, max_backends)
      values (${newId()}, ${cell.name}, ${cell.pooler.host},
        ${cell.pooler.port}, ${cell.postgres.host}, ${cell.postgres.port},
        ${cell.maxBackends})
      on conflict (name) do update set pooler_host = excluded.pooler_host,
        pooler_port = excluded.pooler_port,
        postgres_host = excluded.postgres_host,
        postgres_port = excluded.postgres_port,
        max_backends = excluded.max_backends`);
    if (cell.keys) await ensureCellProbe(central, cell.name, cell.keys);
  });
}

/**
 * Refuses a budget that leaves a cell's server no connections for anything else.
 * @param postgres the cell's server; of another than the one that was logged in to, nothing is known
 * @throws {Error}
 */
export async function requireRoom(
  connection: Connection,
  login: AdminLogin,
  postgres: NewCell["postgres"],
  backends: number,
): Promise<void> {
  const isHere = postgres.host === login.host && postgres.port === login.port;
  if (!isHere) return;
  const [row] = await connection.rows<{ usable: number }>(sql`
    select current_setting('max_connections')::integer
      - current_setting('superuser_reserved_connections')::integer as usable`);
  const most = row!.usable - KEPT_CONNECTIONS;
  if (backends <= most) return;
  throw new Error(
    `Cannot give the cell its budget: ${backends} backends are too many, the server has room for ${most}; raise max_connections or lower them`,
  );
}
