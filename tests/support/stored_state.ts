import type { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { workerLogin } from "./test_stack.ts";
import type { TestClinic, World } from "./world.ts";

/** Tables that a refused request may write to: that it was refused, and whose session it was. */
const NOT_COMPARED = ["audit_outbox", "sessions"];

const MAX_POLLS = 200;
const POLL_MS = 50;

/** Archives that were asked for earlier are made in the background: what is stored is still until they are. */
async function exportsAreMade(connection: Connection): Promise<void> {
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const [row] = await connection.rows<{ busy: boolean }>(sql`
      select exists (select from patient_exports
        where state in ('waiting', 'running')) as busy`);
    if (!row!.busy) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A digest of every row of every table of a clinic's database: equal if nothing was stored in between. */
export function storedState(
  world: World,
  clinic: TestClinic,
): Promise<Record<string, string>> {
  return withDatabase(
    workerLogin(world.stack),
    clinic.database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      await exportsAreMade(connection);
      const rows = await connection.rows<{ name: string; digest: string }>(sql`
        select table_name as name, (xpath('/row/digest/text()',
          query_to_xml(format('select md5(coalesce(string_agg(t::text, %L order by t::text), %L)) as digest from %I.%I t',
            ';', '', table_schema, table_name), false, true, '')))[1]::text as digest
        from information_schema.tables
        where table_type = 'BASE TABLE'
          and table_schema not in ('pg_catalog', 'information_schema')
        order by table_name`);
      return Object.fromEntries(
        rows.filter(({ name }) => !NOT_COMPARED.includes(name))
          .map(({ name, digest }) => [name, digest]),
      );
    },
  );
}
