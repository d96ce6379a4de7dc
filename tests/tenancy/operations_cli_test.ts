import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { PasswordHasher } from "../../src/crypto/passwords.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { run } from "../dev/support.ts";
import type { Operation } from "../../src/tenancy/operations/operation.ts";
import { cloison, openCloison } from "../support/cloison.ts";
import {
  inRegistry,
  openOperations,
  pgBin,
  requestClinic,
  startWorker,
  tracesOf,
  untilOver,
  WHOLE,
  workerConfig,
} from "../support/operations.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import { workerLogin } from "../support/test_stack.ts";

const NAME = `Clinique "L'Étoile"; $(id) -- DROP TABLE 🏥`;

Deno.test("cloison: the life of a clinic, typed", async (t) => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  const place = { stack, cell: stack.cell };
  await using ledger = openOperations(stack);
  const { operations } = ledger;
  let id = "";

  async function type(...args: string[]): Promise<string> {
    const { code, out, error } = await cloison(place, args);
    assert.equal(code, 0, error);
    return out;
  }

  /** What the trail says of the clinic, in order. */
  async function trail(): Promise<string[]> {
    const lines = await inRegistry<{ action: string }>(
      stack,
      sql`select action from audit_log where clinic_id = ${id}
        order by xact, position`,
    );
    return lines.map(({ action }) => action);
  }

  await t.step(
    "create: the password opens the first account, and stands nowhere else",
    async () => {
      const out = await type(
        "clinic",
        "create",
        "--name",
        NAME,
        "--email",
        "etoile@clinic.test",
        "--slug",
        "etoile",
        "--json",
      );
      const made = JSON.parse(out);
      id = made.id;
      assert.equal(made.name, NAME);
      assert.deepEqual(await tracesOf(stack, id), WHOLE);
      const { password } = made.admin;
      const [staff] = await withDatabase(
        workerLogin(stack),
        made.database,
        (connection) =>
          connection.rows<{ password_hash: string }>(
            sql`select password_hash from staff`,
          ),
      );
      const verdict = await new PasswordHasher()
        .verify(password, staff!.password_hash);
      assert.ok(verdict);
      const [row] = await inRegistry<{ text: string; sealed: unknown }>(
        stack,
        sql`select operations::text as text, secret_sealed as sealed
        from operations where clinic_id = ${id}`,
      );
      assert.ok(!row!.text.includes(password));
      assert.equal(row!.sealed, null);
      assert.deepEqual(await trail(), [
        "clinic.request-create",
        "clinic.create",
        "operation.succeed",
      ]);
    },
  );

  await t.step(
    "a taken name is one line, exit code 1; bad input one line, exit code 2",
    async () => {
      const taken = await cloison(place, [
        "clinic",
        "create",
        "--name",
        "X y z",
        "--email",
        "other@clinic.test",
        "--slug",
        "etoile",
      ]);
      assert.equal(taken.code, 1);
      assert.equal(
        taken.error,
        "Another clinic has the short name etoile; choose another with --slug\n",
      );
      const bad: readonly (readonly [readonly string[], RegExp])[] = [
        [
          ["clinic", "show", "x'; drop table clinics; --"],
          /^the short name must be/,
        ],
        [["clinic", "suspend", "a\nb"], /^the short name must be/],
        [["clinic", "close", "🏥"], /^the short name must be/],
        [["clinic", "close", "etoile", "--grace-days", "-1"], /--grace-days/],
        [["clinic", "rotate", "x".repeat(10_240)], /^the short name must be/],
        [["operations", "show", "1; select 1"], /^the id must be a UUID/],
        [["operations", "list", "--state", "eaten"], /--state/],
        [["operations", "list", "--limit", "0"], /^--limit must be a number/],
        [[
          "cell",
          "add",
          "--name",
          "A b",
          "--pooler",
          "h:1",
          "--postgres",
          "h:1",
        ], /^--name must be/],
        [
          ["cell", "add", "--name", "ab", "--pooler", "h", "--postgres", "h:1"],
          /^--pooler must be/,
        ],
        [["cell", "stock", "local", "many"], /0 to 1000/],
        [["operations", "eat"], /eat.*; see: cloison operations --help\n$/],
        [["clinic", "create", "--name", "X"], /create --help\n$/],
        [["x".repeat(10_240)], /; see: cloison --help\n$/],
      ];
      const answers = await Promise.all(
        bad.map(([args]) => cloison(place, args)),
      );
      for (const [index, { code, out, error }] of answers.entries()) {
        assert.equal(code, 2, error);
        assert.equal(out, "");
        assert.match(error, bad[index]![1]);
        assert.equal(error.trimEnd().split("\n").length, 1, error);
        assert.ok(error.length < 300, error);
      }
    },
  );

  await t.step("what is not there is one line, exit code 1", async () => {
    const missing = await Promise.all([
      ["clinic", "show", "nobody-knows"],
      ["operations", "show", uuidv7()],
      ["operations", "retry", uuidv7()],
      ["cell", "stock", "nowhere", "1"],
      ["clinic", "resume", "etoile"],
    ].map((args) => cloison(place, args)));
    for (const { code, error } of missing) {
      assert.equal(code, 1, error);
      assert.equal(error.trimEnd().split("\n").length, 1, error);
    }
    assert.match(missing[0]!.error, /^There is no clinic nobody-knows; to see/);
    assert.match(missing[1]!.error, /^There is no operation [0-9a-f-]{36}; to/);
    assert.match(missing[3]!.error, /^There is no cell nowhere; to see/);
    assert.equal(
      missing[4]!.error,
      "Cannot resume etoile: it is active; what can be done now: cloison clinic suspend|rotate|close etoile\n",
    );
  });

  await t.step("suspend, and resume", async () => {
    await type("clinic", "suspend", "etoile");
    assert.equal((await tracesOf(stack, id)).state, "suspended");
    await type("clinic", "resume", "etoile");
    assert.deepEqual(await tracesOf(stack, id), WHOLE);
  });

  await t.step(
    "close: the dates first, then the whole name; and resume",
    async () => {
      const dates = JSON.parse(
        await type("clinic", "close", "etoile", "--dates", "--json"),
      );
      const days = Date.parse(dates.purgeAt) - Date.parse(dates.closesAt);
      assert.equal(days, 30 * 86_400_000);
      for (
        const confirm of [[], ["--confirm", "Clinique"], [
          "--confirm",
          "etoile",
        ]]
      ) {
        const { code } = await cloison(place, [
          "clinic",
          "close",
          "etoile",
          ...confirm,
        ]);
        assert.equal(code, 2);
      }
      assert.equal((await tracesOf(stack, id)).state, "active");
      const out = await type("clinic", "close", "etoile", "--confirm", NAME);
      assert.match(out, /^etoile is closed; its data are removed on \d{4}-/);
      assert.equal((await tracesOf(stack, id)).state, "closing");
      const shown = await type("clinic", "show", "etoile");
      assert.match(shown, /Data removed +\d{4}-/);
      const year = new Date(Date.now() + 395 * 86_400_000).getUTCFullYear();
      assert.match(shown, new RegExp(`Backups removed +${year}-`));
      await type("clinic", "resume", "etoile");
      assert.equal((await tracesOf(stack, id)).state, "active");
    },
  );

  await t.step(
    "operations: listed, shown, cancelled, tried again",
    async () => {
      const asked = await requestClinic(operations);
      const all = JSON.parse(await type("operations", "list", "--json"));
      assert.equal(all[0].id, asked.id);
      const queued = await type("operations", "list", "--state", "queued");
      assert.match(queued, new RegExp(asked.id));
      const shown = await type("operations", "cancel", asked.id);
      assert.match(shown, /State +cancelled/);
      const again = await cloison(place, ["operations", "retry", asked.id]);
      assert.equal(again.code, 1);
      assert.match(
        again.error,
        /^Cannot retry create [0-9a-f-]{36}, which is cancelled: only an operation that has failed can be tried again; see: /,
      );
      const mine = await type("operations", "list", "--clinic", "etoile");
      const lines = mine.trimEnd().split("\n");
      assert.equal(lines.length, 7);
      // By the name that people type, and no wider than a terminal.
      for (const line of lines.slice(1)) assert.match(line, / etoile$/);
      assert.ok(lines.every((line) => line.length <= 120));
    },
  );

  await t.step("an invitation is left to the worker", async () => {
    const folder = await Deno.makeTempDir();
    await using _worker = await startWorker(workerConfig(stack, folder));
    const out = await type(
      "clinic",
      "create",
      "--name",
      "Invitée",
      "--email",
      "invitee@clinic.test",
      "--invite",
    );
    assert.match(out, /An invitation was mailed to invitee@clinic\.test/);
    assert.doesNotMatch(out, /password/);
    const [operation] = await operations.list({ kind: "create" }, { limit: 1 });
    await untilOver(operations, operation!.id);
    assert.equal([...Deno.readDirSync(`${folder}/outbox`)].length, 1);
    const lines = await inRegistry<{ action: string }>(
      stack,
      sql`select action from audit_log where entity_id = ${operation!.id}
        order by xact, position`,
    );
    assert.deepEqual(lines.map(({ action }) => action), [
      "clinic.request-create",
      "operation.succeed",
    ]);
  });

  await t.step(
    "backup, and restore: listed, read back, refused by name",
    async () => {
      const { backup, worker, poolerAdmin } = stack.credentials;
      const folder = await Deno.makeTempDir();
      const env = {
        CLOISON_ADMIN_HOST: stack.postgres.host,
        CLOISON_ADMIN_PORT: String(stack.postgres.port),
        CLOISON_ADMIN_PASSWORD: worker.password,
        CLOISON_ADMIN_CELL: stack.cell,
        CLOISON_ADMIN_KEY_FILE: stack.keyFile,
        CLOISON_ADMIN_TLS_CA_FILE: stack.tlsCaFile!,
        CLOISON_ADMIN_POOLER_PASSWORD: poolerAdmin.password,
        CLOISON_BACKUP_FOLDER: folder,
        CLOISON_BACKUP_PASSWORD: backup!.password,
        CLOISON_BACKUP_PG_BIN: pgBin(),
      };
      const clinic = (...args: string[]) =>
        run(
          [Deno.execPath(), "task", "--quiet", "cloison", "clinic", ...args],
          env,
        );
      const saved = await clinic("backup", "etoile", "--json");
      assert.equal(saved.code, 0, saved.error);
      const { id: backupId, bytes } = JSON.parse(saved.out);
      assert.ok(bytes > 10_000);
      const listed = await clinic("backups", "etoile");
      assert.match(listed.out, new RegExp(`${backupId} +requested`));
      const target = `${folder}/export`;
      const exported = await clinic("export", "etoile", target);
      assert.equal(exported.code, 0, exported.error);
      const staff = await Deno.readTextFile(`${target}/staff.jsonl`);
      assert.equal(JSON.parse(staff).email, "etoile@clinic.test");
      assert.doesNotMatch(staff, /password/);
      const manifest = JSON.parse(
        await Deno.readTextFile(`${target}/manifest.json`),
      );
      assert.equal(manifest.clinic.name, NAME);
      assert.equal(manifest.tables.staff.rows, 1);
      const again = await clinic("export", "etoile", target);
      assert.deepEqual([again.code, again.error], [
        2,
        `${target} is there already: choose another folder\n`,
      ]);
      const wrong = await clinic(
        "export",
        "etoile",
        `${target}-2`,
        "--from",
        backupId,
      );
      assert.deepEqual([wrong.code, wrong.error], [
        1,
        "This is a backup, and no export\n",
      ]);
      // Nothing is left that could be taken for an export.
      await assert.rejects(Deno.stat(`${target}-2`));
      const open = await clinic("restore", "etoile", backupId);
      assert.equal(open.code, 1);
      assert.equal(open.error, "The clinic is active: suspend it first\n");
      await type("clinic", "suspend", "etoile");
      const none = await clinic("restore", "etoile", uuidv7());
      assert.deepEqual([none.code, none.error], [
        1,
        "The backup's file is not there\n",
      ]);
      const restored = await clinic("restore", "etoile", backupId);
      assert.equal(restored.code, 0, restored.error);
      await type("clinic", "resume", "etoile");
      assert.deepEqual(await tracesOf(stack, id), WHOLE);
    },
  );

  await t.step("all of it is on the trail, in its order", async () => {
    const done = (kind: string) => [
      `clinic.request-${kind}`,
      `clinic.${kind}`,
      "operation.succeed",
    ];
    assert.deepEqual(await trail(), [
      ...["create", "suspend", "resume", "close", "resume"].flatMap(done),
      "clinic.back-up",
      "clinic.export",
      "clinic.export",
      ...done("suspend"),
      "clinic.restore",
      ...done("resume"),
    ]);
    const cancelled = await inRegistry<{ entity_id: string }>(
      stack,
      sql`select entity_id from audit_log where action = 'operation.cancel'`,
    );
    assert.equal(cancelled.length, 1);
  });

  await t.step("cells: listed with their stock; added", async () => {
    await type("cell", "stock", stack.cell, "0");
    const { host, port } = stack.postgres;
    await type(
      "cell",
      "add",
      "--name",
      "second-cell",
      "--pooler",
      `${stack.pooler.host}:${stack.pooler.port}`,
      "--postgres",
      `${host}:${port}`,
      "--keep-ready",
      "3",
    );
    const cells = JSON.parse(await type("cell", "list", "--json"));
    const second = cells.find((cell: { name: string }) =>
      cell.name === "second-cell"
    );
    assert.deepEqual(
      [second.clinics, second.ready, second.keepReady, second.state],
      [0, 0, 3, "open"],
    );
    assert.match(await type("cell", "list"), /second-cell +open +0 +0\/3/);
  });

  await t.step(
    "interrupted, it ends its step; a worker does the rest",
    async () => {
      const child = openCloison(place, ["clinic", "rotate", "etoile"]);
      let asked: Operation | undefined;
      while (asked?.state !== "running") {
        [asked] = await operations.list(
          { clinicId: id, kind: "rotate" },
          { limit: 1 },
        );
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      child.kill("SIGINT");
      const { code, stderr } = await child.output();
      const said = new TextDecoder().decode(stderr);
      assert.equal(code, 1, said);
      assert.match(said, new RegExp(`^Interrupted; .* show ${asked.id}\n$`));
      const left = await operations.get(asked.id);
      assert.equal(left?.state, "queued");
      await using _worker = await startWorker(
        workerConfig(stack, await Deno.makeTempDir()),
      );
      const done = await untilOver(operations, asked.id);
      assert.equal(done.state, "succeeded");
    },
  );

  await t.step("a command group alone shows what is in it", async () => {
    const { code, error } = await cloison(place, ["cell"]);
    assert.equal(code, 2);
    assert.match(error, /^Usage: cloison cell .*\n/);
  });
});
