import assert from "node:assert/strict";
import type { Connection } from "../../src/db/connection.ts";
import { identifier, sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { cloison } from "../support/cloison.ts";
import { addOldFiles, tablesOfFiles } from "../support/old_files.ts";
import {
  inRegistry,
  openOperations,
  startWorker,
  untilOver,
  workerConfig,
} from "../support/operations.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import { provisionClinic } from "../support/provisioned.ts";
import { superuserLogin, workerLogin } from "../support/test_stack.ts";

class Killed extends Error {}

Deno.test("retention: what is due is shown, removed by the worker however often it dies, and told on the trail; nothing else goes", async (t) => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  const place = { stack, cell: stack.cell };
  await using ledger = openOperations(stack);
  const clinic = await provisionClinic(stack);
  const other = await provisionClinic(stack);
  await addOldFiles(stack, clinic.database);
  const [registered] = await inRegistry<{ slug: string }>(
    stack,
    sql`select slug from clinics where id = ${clinic.id}`,
  );
  const slug = registered!.slug;

  async function type(...args: string[]) {
    const { code, out, error } = await cloison(place, [...args, "--json"]);
    assert.equal(code, 0, error);
    return JSON.parse(out);
  }

  function inClinic<T>(fn: (clinic: Connection) => Promise<T>): Promise<T> {
    return withDatabase(
      superuserLogin(stack),
      clinic.database,
      fn,
    );
  }

  async function names(): Promise<string[]> {
    const rows = await inClinic((clinic) =>
      clinic.rows<{ name: string }>(
        sql`select family_name as name from patients order by 1`,
      )
    );
    return rows.map(({ name }) => name);
  }

  const due = {
    sessions: 1,
    links: 1,
    events: 1,
    invoices: 2,
    "patients-without-activity": 2,
    "patient-files": 5,
  };
  let operation = "";

  await t.step(
    "--dry-run shows it by category, with its ground, and removes nothing",
    async () => {
      const before = await names();
      const shown = await type("retention", "run", "--dry-run");
      assert.deepEqual(
        Object.fromEntries(
          shown.due.map(({ category, due }: Record<string, unknown>) => [
            category,
            due,
          ]),
        ),
        due,
      );
      assert.deepEqual([shown.operations, shown.failed], [[], []]);
      for (const { clinic, since, ground } of shown.due) {
        assert.equal(clinic, slug);
        assert.match(since, /^\d{4}-\d\d-\d\d$/);
        assert.ok(ground.length > 10);
      }
      assert.deepEqual(await names(), before);
    },
  );

  await t.step(
    "an event that nobody has taken over yet stays, however old",
    async () => {
      await inClinic(async (clinic) => {
        await clinic.script(`begin;
          set session_replication_role = replica;
          update audit_outbox set relayed_at = null`);
        const [none] = await clinic.rows<{ due: string }>(
          sql`select due from retention_due(120) where category = 'events'`,
        );
        assert.equal(none!.due, "0");
        await clinic.script("rollback");
      });
    },
  );

  await t.step(
    "a run asks for one operation, of the clinic that has something, and leaves its line",
    async () => {
      const asked = await type("retention", "run");
      assert.deepEqual(asked.failed, []);
      assert.equal(asked.operations.length, 1);
      assert.equal(asked.operations[0].clinic, slug);
      operation = asked.operations[0].id;
      const lines = await inRegistry<{ clinic_id: string }>(
        stack,
        sql`select clinic_id from audit_log
        where action = 'clinic.request-retention' and entity_id = ${operation}`,
      );
      assert.deepEqual(lines.map((line) => line.clinic_id), [clinic.id]);
      const again = await cloison(place, [
        "retention",
        "run",
        "--clinic",
        slug,
      ]);
      assert.equal(again.code, 1);
      assert.match(
        again.out,
        /Another operation on this clinic is not over yet/,
      );
    },
  );

  await t.step(
    "the worker removes it, though it dies at every boundary",
    async () => {
      const deaths: string[] = [];
      await using _worker = await startWorker(
        workerConfig(stack, await Deno.makeTempDir()),
        {
          leaseMs: 150,
          pollMs: 20,
          atBoundary: (step, moment) => {
            const here = `${step} ${moment}`;
            if (deaths.includes(here)) return Promise.resolve();
            deaths.push(here);
            return Promise.reject(new Killed());
          },
        },
      );
      const done = await untilOver(ledger.operations, operation);
      assert.equal(done.state, "succeeded", JSON.stringify(done));
      assert.equal(deaths.length, 2 * 7);
      assert.deepEqual(await names(), [
        "billed",
        "billed-lately",
        "birth-unknown",
        "booked",
        "child",
        "died-lately",
        "idle-lately",
        "recent",
      ]);
    },
  );

  await t.step(
    "nothing of a person who is gone is left in any table",
    async () => {
      await inClinic(async (clinic) => {
        for (const { name: table } of await tablesOfFiles(clinic)) {
          const [row] = await clinic.rows<{ left: number }>(sql`
          select count(*)::integer as left from ${identifier(table)} as line
          where to_jsonb(line)::text like any (array(
            select '%' || entity_id || '%' from audit_outbox
            where action = 'patient.expire'))`);
          assert.equal(row!.left, 0, table);
        }
        const counts = await clinic.rows<Record<string, number>>(sql`
        select (select count(*)::integer from records) as records,
          (select count(*)::integer from documents) as documents,
          (select count(*)::integer from appointments) as appointments,
          (select count(*)::integer from sessions) as sessions,
          (select count(*)::integer from link_tokens) as links,
          (select count(*)::integer from audit_outbox
            where action = 'patient.view') as events`);
        assert.deepEqual({ ...counts[0] }, {
          records: 7,
          documents: 1,
          appointments: 1,
          sessions: 1,
          links: 1,
          events: 1,
        });
      });
    },
  );

  await t.step(
    "each file and each category is on the trail, once",
    async () => {
      const rows = await inClinic((clinic) =>
        clinic.rows<{ action: string; category: string; lines: number }>(sql`
        select action, changed_fields[1] as category, count(*)::integer as lines
        from audit_outbox
        where action like '%.expire' and request_id = ${operation}
          and role = 'worker' group by 1, 2 order by 1, 2`)
      );
      assert.deepEqual(rows.map((row) => Object.values(row)), [
        // Two files of one person were merged.
        ["patient.expire", "patient-files", 6],
        ["patient.expire", "patients-without-activity", 2],
        ["retention.expire", "events", 1],
        ["retention.expire", "invoices", 1],
        ["retention.expire", "links", 1],
        ["retention.expire", "sessions", 1],
      ]);
    },
  );

  await t.step(
    "the rules that keep files hold again, and a second run finds nothing",
    async () => {
      await inClinic(async (clinic) => {
        const off = await clinic.rows(sql`
        select tgname from pg_trigger
        where not tgisinternal and tgenabled <> 'O'`);
        assert.equal(off.length, 0);
        await assert.rejects(clinic.script("delete from records"), {
          sqlState: "42501",
        });
      });
      const shown = await type("retention", "run", "--clinic", slug);
      assert.deepEqual(shown, { due: [], operations: [], failed: [] });
    },
  );

  await t.step(
    "what one clinic may not do itself: ask what is due, or remove it",
    async () => {
      await inClinic(async (connection) => {
        await connection.script(`set role "${clinic.database}"`);
        for (
          const call of [
            "retention_due(120)",
            "retention_persons()",
            "remove_due('sessions', gen_random_uuid(), 6, 1)",
            "remove_files('{}')",
            "enforce_file_rules(false)",
          ]
        ) {
          await assert.rejects(connection.script(`select ${call}`), {
            sqlState: "42501",
          }, call);
        }
      });
    },
  );

  await t.step(
    "every table that refers to a file is emptied with it",
    async () => {
      await inClinic(async (clinic) => {
        const [row] = await clinic.rows<{ text: string }>(sql`
        select prosrc as text from pg_proc where proname = 'remove_files'`);
        const emptied = [...row!.text.matchAll(/delete from (\w+)/g)]
          .map(([, table]) => table!);
        const others = (await tablesOfFiles(clinic))
          .filter(({ cascades }) => !cascades);
        assert.deepEqual(emptied.sort(), others.map(({ name }) => name));
      });
    },
  );

  await t.step(
    "a clinic whose schema is behind is named, and the others are asked",
    async () => {
      await withDatabase(workerLogin(stack), other.database, async (behind) => {
        await behind.script(
          "set role cloison_owner; drop function retention_due(integer)",
        );
      });
      const { code, out, error } = await cloison(place, [
        "retention",
        "run",
        "--dry-run",
      ]);
      assert.equal(code, 1);
      assert.match(out, /its schema is behind/);
      assert.match(error, /1 of 2 clinics could not be asked/);
    },
  );
});
