import { migrate } from "../../src/db/migrations.ts";
import { sql } from "../../src/db/sql.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  OWNER_ROLE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { say } from "../cli/terminal.ts";
import { migrationsOf } from "./central.ts";

/** Brings clinics up to date that were made by an older version of the program, while nobody uses them. */
export async function migrateClinics(login: AdminLogin): Promise<void> {
  const migrations = await migrationsOf("clinic");
  await withDatabase(login, CENTRAL_DATABASE, async (central) => {
    const behind = await central.rows<{ id: string; database_name: string }>(
      sql`select id, database_name from clinics
        where state = 'active' and schema_version < ${migrations.length}`,
    );
    for (const { id, database_name } of behind) {
      say(`Migrating ${database_name}…`);
      await withDatabase(
        login,
        database_name,
        (clinic) => migrate(clinic, migrations, OWNER_ROLE),
      );
      await central.rows(sql`
        update clinics set schema_version = ${migrations.length}
        where id = ${id}`);
    }
  });
}
