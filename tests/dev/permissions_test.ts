import assert from "node:assert/strict";
import {
  apiEnvironment,
  apiFlags,
  foreignVariables,
} from "../../scripts/dev/api_command.ts";
import { SUPERVISOR_FLAGS, TEST_FLAGS } from "../../scripts/dev/permissions.ts";
import { loadConfig } from "../../src/config/config.ts";

const OPTIONS = {
  stack: {
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
  paths: { apiLog: "/x/api.log", apiPassword: "/x/a,b", keyFile: "/x/key" },
};

Deno.test("permissions: the API can run nothing, write nothing, and reach its own servers alone", () => {
  assert.deepEqual(apiFlags(OPTIONS), [
    "--quiet",
    "--no-prompt",
    "--v8-flags=--max-semi-space-size=8,--max-old-space-size=1024",
    "--allow-net=127.0.0.1:6000,localhost:6001,localhost:6002",
    "--allow-env=CLOISON_*",
    "--ignore-env",
    "--allow-read=/x/key,/x/a,,b,/x/ca",
  ]);
});

Deno.test("permissions: the API's variables hold no secret and make a whole configuration", () => {
  const env = apiEnvironment(OPTIONS);
  const files: Record<string, string> = {
    "/x/a,b": "s1",
    "/x/key": "s2",
    "/x/ca": "-----BEGIN CERTIFICATE-----",
  };
  const config = loadConfig(env, (path) => files[path]!);
  assert.equal(config.central.password.reveal(), "s1");
  const keys = config.cellKeys.get("local");
  assert.equal(keys?.kind === "local" && keys.keys.reveal(), "s2");
  assert.equal(config.publicUrl, "http://127.0.0.1:6000");
});

Deno.test("permissions: an operator's variables do not reach the API", () => {
  const env = { PATH: "/bin", CLOISON_ADMIN_PASSWORD: "x", PGPASSWORD: "y" };
  assert.deepEqual(foreignVariables(env), { PATH: "/bin" });
});

Deno.test("permissions: tasks and the processes they start have the same, and none has all", async () => {
  const file = new URL("../../deno.json", import.meta.url);
  const { tasks } = JSON.parse(await Deno.readTextFile(file));
  assert.equal(
    tasks.dev.command,
    `deno run ${SUPERVISOR_FLAGS.join(" ")} scripts/dev.ts`,
  );
  assert.equal(
    tasks.test.command,
    `deno run ${TEST_FLAGS.join(" ")} scripts/test.ts`,
  );
  const api: string = tasks.api.command;
  assert.doesNotMatch(api, /--allow-(run|write|ffi|sys|all)/);
  for (const task of Object.values(tasks)) {
    const command = typeof task === "string"
      ? task
      : (task as { command: string }).command;
    assert.doesNotMatch(command, /(^|\s)(-A|--allow-all)(\s|$)/);
  }
});
