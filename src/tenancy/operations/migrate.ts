import type { ConnectionTarget } from "../../db/driver.ts";
import type { Migration } from "../../db/migrations.ts";
import { reconnectDatabase } from "../../db/pooler_console.ts";
import { sql } from "../../db/sql.ts";
import { AppError } from "../../kernel/errors.ts";
import { clinicDatabaseName } from "../../kernel/ids.ts";
import { DEFAULT_LIMITS, migrateClinic } from "../fleet/clinic_migration.ts";
import type { AdminLogin } from "../provisioning/admin.ts";
import { isHalted } from "./fleet_requests.ts";
import { clinicOf, type Saga, type StepContext } from "./saga.ts";

export interface MigrateOptions {
  readonly login: AdminLogin;
  readonly migrations: readonly Migration[];
  /** The pooler's backends have plans of the schema as it was: they are replaced. */
  readonly console?: ConnectionTarget | undefined;
}

/** Brings one clinic up to date while people work in it. For all of them there is `cloison migrate`. */
export function migrateSaga(
  { login, migrations, console }: MigrateOptions,
): Saga {
  return {
    kind: "migrate",
    reasonAgainst: async ({ central, operation }) =>
      await isHalted(central, operation)
        ? "Too many of the clinics that were to be migrated with it have failed"
        : undefined,
    steps: () => [
      { name: "migrate", run: migrateOne },
      { name: "reconnect", run: reconnect },
    ],
  };

  async function migrateOne(context: StepContext): Promise<void> {
    const id = clinicOf(context);
    const { version, failure } = await migrateClinic(
      login,
      clinicDatabaseName(id),
      migrations,
      DEFAULT_LIMITS,
    );
    if (version !== undefined) {
      await context.central.rows(sql`
        update clinics set schema_version = ${version}
        where id = ${id} and schema_version <> ${version}`);
      context.result({ version });
    }
    if (!failure) return;
    const { code, migration, passing } = failure;
    throw new AppError(
      passing ? "service-unavailable" : "conflict",
      `Cannot apply migration ${migration ?? "-"}: ${code}`,
    );
  }

  async function reconnect(context: StepContext): Promise<void | "skipped"> {
    if (!console) return "skipped";
    const database = clinicDatabaseName(clinicOf(context));
    // The pooler knows a database only while it is used.
    await reconnectDatabase(console, database).catch(() => {});
  }
}
