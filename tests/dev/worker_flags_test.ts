import assert from "node:assert/strict";
import {
  workerEnvironment,
  workerFlags,
} from "../../scripts/dev/worker_process.ts";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";
import { loadWorkerConfig } from "../../src/config/worker_config.ts";

const OPTIONS = {
  stack: {
    tools: { pgBin: "/pg/bin", pgbouncer: "/x/pgbouncer" },
    pooler: { host: "localhost", port: 6001, tlsCa: "c" },
    postgres: {
      host: "localhost",
      port: 6002,
      tlsCa: "c",
      superuser: "postgres",
      password: "p",
    },
    tlsCaFile: "/x/ca",
  },
  port: 6000,
  paths: {
    workerLog: "/x/worker.log",
    keyFile: "/x/key",
    workerPassword: "/x/a,b",
    poolerPassword: "/x/pooler",
    backupPassword: "/x/backup",
    auditKey: "/x/audit.pem",
    auditPublicKey: "/x/audit.pub",
    auditNotes: "/x/notes",
    backups: "/x/backups",
    outbox: "/x/outbox",
  },
};

Deno.test("permissions: the worker reaches its own servers alone, and runs two programs", () => {
  assert.deepEqual(workerFlags(OPTIONS), [
    "--quiet",
    "--no-prompt",
    "--allow-net=localhost:6002,localhost:6001",
    "--allow-env=CLOISON_*",
    "--ignore-env",
    `--allow-read=/x/key,/x/audit.pem,/x/a,,b,/x/pooler,/x/backup,/x/ca,${PROJECT_DIR}/migrations/clinic,/x/backups,/x/outbox,/x/notes`,
    "--allow-write=/x/backups,/x/outbox,/x/notes",
    "--allow-run=/pg/bin/pg_dump,/pg/bin/pg_restore",
  ]);
});

const FILES: Record<string, string> = {
  "/x/key": "k:key",
  "/x/audit.pem": "pem",
  "/x/a,b": "s1",
  "/x/pooler": "s2",
  "/x/backup": "s3",
  "/x/ca": "-----BEGIN CERTIFICATE-----",
};

Deno.test("permissions: the worker's variables hold no secret and make a whole configuration", () => {
  const config = loadWorkerConfig(
    workerEnvironment(OPTIONS),
    (path) => FILES[path]!,
  );
  assert.equal(config.admin.password.reveal(), "s1");
  assert.equal(config.pooler?.password.reveal(), "s2");
  assert.equal(config.backups?.login.password.reveal(), "s3");
  assert.equal(config.backups?.tlsCaFile, "/x/ca");
  assert.deepEqual([...config.keys.keys()], ["local"]);
  assert.equal(config.audit?.key.reveal(), "pem");
  assert.deepEqual(config.audit?.notes, {
    kind: "folder",
    folder: "/x/notes",
  });
  assert.deepEqual(
    [config.graceDays, config.backupDays, config.concurrency],
    [30, 365, 4],
  );
});

Deno.test("worker: everything that is wrong with its variables is told at once, and no value", () => {
  const env = { CLOISON_ADMIN_PASSWORD: "hunter2", CLOISON_ADMIN_PORT: "many" };
  assert.throws(
    () => loadWorkerConfig(env, () => ""),
    (error) => {
      const { message } = error as Error;
      for (
        const expected of [
          "CLOISON_PUBLIC_URL is missing",
          "CLOISON_ADMIN_HOST is missing",
          "CLOISON_ADMIN_PORT must be a port number",
          "CLOISON_ADMIN_CELL is missing",
        ]
      ) assert.ok(message.includes(expected), message);
      assert.ok(!message.includes("hunter2"));
      return true;
    },
  );
  const { CLOISON_BACKUP_PASSWORD_FILE: _, ...half } = workerEnvironment(
    OPTIONS,
  );
  assert.throws(
    () => loadWorkerConfig(half, (path) => FILES[path]!),
    /CLOISON_BACKUP_FOLDER and CLOISON_BACKUP_PASSWORD must be set together/,
  );
});
