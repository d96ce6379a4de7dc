import { showVersion } from "../../src/db/pooler_console.ts";
import { sql } from "../../src/db/sql.ts";
import { Secret } from "../../src/kernel/secret.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { ask } from "./api_client.ts";
import type { DrillTarget } from "./target.ts";

/** Of everything that the drill was played on. */
export async function readVersions(
  { api, worker, pooler, credentials }: DrillTarget,
): Promise<Record<string, string>> {
  const document = await ask(api, "/openapi.json");
  const [postgres] = await withDatabase(
    worker,
    CENTRAL_DATABASE,
    (central) =>
      central.rows<{ version: string }>(
        sql`select current_setting('server_version') as version`,
      ),
  );
  const { user, password } = credentials.poolerAdmin;
  const pgbouncer = await showVersion({
    ...pooler,
    database: "pgbouncer",
    user,
    password: new Secret(password),
    applicationName: "cloison-drill",
  });
  return {
    API: String(document.body.info?.version),
    PostgreSQL: postgres?.version ?? "unknown",
    PgBouncer: pgbouncer,
    Deno: Deno.version.deno,
  };
}
