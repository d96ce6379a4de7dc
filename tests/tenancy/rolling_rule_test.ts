import { deepEqual, equal } from "node:assert/strict";
import { migrationsOf } from "../../scripts/dev/central.ts";
import type { Connection } from "../../src/db/connection.ts";
import { migrate } from "../../src/db/migrations.ts";
import { Sql } from "../../src/db/sql.ts";
import {
  readSchema,
  readSchemaIn,
} from "../../src/tenancy/fleet/schema_fingerprint.ts";
import {
  CURRENT_CLINIC_SCHEMA,
  MINIMUM_CLINIC_SCHEMA,
} from "../../src/tenancy/fleet/supported_schema.ts";
import {
  OWNER_ROLE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { breaksBetween, judge } from "../support/rolling_rule.ts";
import { testStack, workerLogin } from "../support/test_stack.ts";

/** Gives `fn` an empty database, as the first migration finds it. */
async function onEmptyDatabase(
  fn: (connection: Connection) => Promise<void>,
): Promise<void> {
  const login = workerLogin(testStack());
  const name = `cloison_scratch_${crypto.randomUUID().replaceAll("-", "")}`;
  await withDatabase(login, "postgres", async (maintenance) => {
    await maintenance.script(
      `create database ${name} template cloison_base owner ${OWNER_ROLE}`,
    );
    try {
      await withDatabase(login, name, fn);
    } finally {
      await maintenance.script(`drop database ${name}`);
    }
  });
}

Deno.test("rolling rule: every migration since the oldest supported schema leaves the program before it whole", async () => {
  const migrations = await migrationsOf("clinic");
  await onEmptyDatabase(async (connection) => {
    const problems: string[] = [];
    await migrate(
      connection,
      migrations.slice(0, MINIMUM_CLINIC_SCHEMA),
      OWNER_ROLE,
    );
    let before = await readSchema(connection);
    for (const next of migrations.slice(MINIMUM_CLINIC_SCHEMA)) {
      await migrate(connection, migrations.slice(0, next.number), OWNER_ROLE);
      const after = await readSchema(connection);
      const breaks = breaksBetween(before, after);
      for (const problem of judge(next.sql, breaks, MINIMUM_CLINIC_SCHEMA)) {
        problems.push(`${next.number} ${next.name}: ${problem}`);
      }
      before = after;
    }
    deepEqual(problems, []);
    equal(
      before.filter(({ kind }) => kind === "migration").length,
      CURRENT_CLINIC_SCHEMA,
    );
  });
});

const BASE = [
  `create table staff (id uuid primary key, email text not null, name text,
    state text not null default 'new', check (state in ('new', 'old')))`,
  "create unique index staff_email_key on staff (email)",
  "create index staff_name_idx on staff (name)",
  "create type mood as enum ('good', 'bad')",
  "create function twice(n integer) returns integer language sql return n * 2",
  "create function act() returns trigger language plpgsql as $$ begin return new; end $$",
  "create trigger act before insert on staff for each row execute function act()",
  "grant select, insert on staff to cloison_clinics",
];

const EXPANDS = [
  "create table shoes (id uuid primary key references staff, size integer not null unique check (size > 0))",
  "alter table staff add column size integer",
  "alter table staff add column size integer not null default 40",
  "alter table staff add column size integer unique check (size > 0)",
  "alter table staff add column boss uuid references staff",
  "alter table staff alter column name set default 'x'",
  "alter table staff alter column email drop not null",
  "create index staff_state_idx on staff (state)",
  "drop index staff_name_idx",
  "alter type mood add value 'so so'",
  "grant update on staff to cloison_clinics",
  "create or replace function twice(n integer) returns integer language sql return n + n",
  "create function thrice(n integer) returns integer language sql return n * 3",
  `alter table staff drop constraint staff_state_check,
    add constraint staff_state_check check (state in ('new', 'old', 'gone'))`,
  "alter table staff drop constraint staff_state_check",
];

const CONTRACTS: Readonly<Record<string, string>> = {
  "drop table staff": "table staff is gone",
  "alter table staff drop column name": "column staff.name is gone",
  "alter table staff rename column name to full_name":
    "column staff.name is gone",
  "alter table staff rename to people": "table staff is gone",
  "alter table staff add column size integer not null":
    "column staff.size has to be given, and has no default",
  "alter table staff alter column name set not null":
    "column staff.name may no longer be left out",
  "alter table staff alter column state drop default":
    "column staff.state has to be given, and has no default any more",
  "alter table staff alter column name type varchar(10)":
    "column staff.name changes its type from text to character varying(10)",
  "alter table staff add check (name <> '')":
    "constraint staff.staff_name_check is a new rule for columns that were there before",
  "create unique index staff_name_key on staff (name)":
    "index staff.staff_name_key is a new rule for columns that were there before",
  "drop index staff_email_key": "index staff.staff_email_key is gone",
  "alter table staff drop constraint staff_state_check, add constraint staff_state_check check (state in ('new', 'gone'))":
    "constraint staff.staff_state_check is another rule",
  "drop trigger act on staff": "trigger staff.act is gone",
  "create trigger again before update on staff for each row execute function act()":
    "trigger staff.again acts on a table that was there before",
  "drop function twice(integer)": "function public.twice(integer) is gone",
  "alter function twice(integer) strict":
    "function public.twice(integer) is another function",
  "drop type mood": "type public.mood is gone",
  "revoke insert on staff from cloison_clinics":
    "grant staff to cloison_clinics gives fewer rights",
  "alter table staff enable row level security":
    "table staff is not what it was",
};

Deno.test("rolling rule: what adds is let through, what takes away is named", async () => {
  const found: Record<string, string[]> = {};
  await onEmptyDatabase(async (connection) => {
    await connection.script(`set role ${OWNER_ROLE}`);
    await migrate(connection, [], OWNER_ROLE);
    await connection.script(`set role ${OWNER_ROLE}; ${BASE.join(";")}`);
    const before = await readSchema(connection);
    for (const statement of [...EXPANDS, ...Object.keys(CONTRACTS)]) {
      await connection.transaction("read write", async (run) => {
        await run.rows(sqlOf(statement));
        const after = await readSchemaIn(run);
        found[statement] = breaksBetween(before, after)
          .map(({ thing, why }) => `${thing} ${why}`);
        throw UNDO;
      }).catch((error) => {
        if (error !== UNDO) throw error;
      });
    }
  });
  for (const statement of EXPANDS) deepEqual(found[statement], [], statement);
  for (const [statement, problem] of Object.entries(CONTRACTS)) {
    equal(
      found[statement]?.includes(problem),
      true,
      `${statement}: ${found[statement]?.join("; ")}`,
    );
  }
});

Deno.test("rolling rule: what is taken away must be declared, with the schema since which nobody needs it", () => {
  const gone = [{ thing: "column staff.name", why: "is gone" }];
  const text = "-- Why.\n-- contract: column staff.name (0012)\nalter table…";
  deepEqual(judge(text, gone, 12), []);
  deepEqual(judge(text, gone, 13), []);
  deepEqual(judge("alter table…", gone, 12), ["column staff.name is gone"]);
  deepEqual(judge(text, gone, 11), [
    "column staff.name is gone, and programs written for schema 11 may be running that are not without it",
  ]);
  deepEqual(judge(text, [], 12), [
    "column staff.name is declared, and nothing happens to it",
  ]);
});

const UNDO = new Error("undo");

function sqlOf(statement: string): Sql {
  return new Sql([statement], []);
}
