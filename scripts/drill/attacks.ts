/** What an attacker who can run SQL as a clinic's role knows. */
export interface AttackTarget {
  /** Its own database and role. */
  readonly own: string;
  /** Another clinic's. */
  readonly other: string;
}

/** A statement that must fail, and the SQLSTATEs (PostgreSQL appendix A) that prove why it did. */
export interface Attack {
  readonly name: string;
  readonly sql: string;
  readonly codes: readonly string[];
  /** It cannot run in a transaction, and is tried on a session of its own. */
  readonly alone?: boolean;
}

const DENIED = ["42501"];
/** No such function, table or column here: there is nothing to call. */
const ABSENT = ["42883", "42P01"];

/** What somebody would try who got a statement into a handler. */
export function attacks({ own, other }: AttackTarget): readonly Attack[] {
  return [
    // Becoming somebody else
    denied("become another clinic", `set role ${other}`),
    denied("become the owner", "set role cloison_owner"),
    denied("become the worker", "set role cloison_worker"),
    denied("become the superuser", "set role postgres"),
    denied("change the session's user", "set session authorization postgres"),
    denied("join another clinic", `grant ${other} to ${own}`),
    denied("join the owner", `grant cloison_owner to ${own}`),
    denied("read files' role", `grant pg_read_server_files to ${own}`),
    denied("make a role", "create role drill_intruder login"),
    denied("become superuser", `alter role ${own} superuser`),
    denied("lift the limit", `alter role ${own} connection limit -1`),
    denied("change another password", `alter role ${other} password 'x'`),
    denied("read verifiers", "select rolpassword from pg_authid"),
    denied(
      "read verifiers by the pooler",
      `select pooler.get_auth('${other}')`,
      [
        "3F000",
      ],
    ),
    // Reaching another database or another machine
    {
      name: "read another database",
      sql: `select * from ${other}.public.patients`,
      codes: ["0A000"],
    },
    denied("install dblink", "create extension dblink"),
    denied("install postgres_fdw", "create extension postgres_fdw"),
    denied(
      "define a server",
      "create server drill foreign data wrapper postgres_fdw",
      ["42704"],
    ),
    {
      name: "call dblink",
      sql: `select dblink_connect('dbname=${other}')`,
      codes: ABSENT,
    },
    denied(
      "subscribe to another database",
      `create subscription drill connection 'dbname=${other}' publication p with (connect = false)`,
    ),
    {
      ...denied("make a database", "create database drill_stolen"),
      alone: true,
    },
    {
      ...denied(
        "clone another database",
        `create database drill_stolen template ${other}`,
      ),
      alone: true,
    },
    denied(
      "rename another database",
      `alter database ${other} rename to drill`,
    ),
    // The machine
    denied("run a program", "copy (select 1) to program 'id'"),
    denied(
      "run a program and read it",
      "copy schema_migrations from program 'id'",
    ),
    denied(
      "read a file into a table",
      "copy audit_outbox from '/etc/hostname'",
    ),
    denied("write a file", "copy (select 1) to '/tmp/drill'"),
    denied("read a file", "select pg_read_file('postgresql.conf')"),
    denied("read a binary file", "select pg_read_binary_file('server.key')"),
    denied("list a folder", "select pg_ls_dir('.')"),
    denied("load a library", "load '/tmp/drill.so'"),
    {
      ...denied("change the server", "alter system set log_statement = 'all'"),
      alone: true,
    },
    denied("reload the server", "select pg_reload_conf()"),
    denied("import a file", "select lo_import('/etc/passwd')"),
    denied("make a large object", "select lo_create(0)"),
    denied(
      "write into the WAL",
      "select pg_logical_emit_message(false, 'x', 'x')",
    ),
    denied(
      "make a replication slot",
      "select pg_create_physical_replication_slot('drill')",
    ),
    // Other sessions
    denied(
      "end a session",
      "select pg_terminate_backend(pid) from pg_stat_activity where usename is distinct from current_user",
    ),
    // The schema and the traces
    denied("make a table", "create table public.drill ()"),
    denied("make a temporary table", "create temporary table drill ()"),
    denied("make a schema", "create schema drill"),
    denied(
      "make a function",
      "create function public.drill() returns int language sql return 1",
    ),
    denied("run a block", "do $$ begin perform 1; end $$"),
    denied(
      "turn triggers off for the session",
      "set session_replication_role = replica",
    ),
    denied(
      "turn the audit's triggers off",
      "alter table audit_outbox disable trigger all",
    ),
    denied("drop the audit", "drop table audit_outbox"),
    denied("change the audit", "update audit_outbox set action = 'x'"),
    denied("delete from the audit", "delete from audit_outbox"),
    denied("empty the audit", "truncate audit_outbox"),
    denied("delete patients", "delete from patients"),
    denied(
      "change the ledger of migrations",
      "update schema_migrations set checksum = 'x'",
    ),
  ];
}

function denied(
  name: string,
  sql: string,
  also: readonly string[] = [],
): Attack {
  return { name, sql, codes: [...DENIED, ...also] };
}
