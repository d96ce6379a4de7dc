import assert from "node:assert/strict";
import { run, tempDataDir } from "./support.ts";

const INIT = "scripts/init-clinic.sh";
const NAME = "Clinique Lyon";
const EMAIL = "lyon@clinic.fr";
const PHONE = "+33456789012";

Deno.test("init-clinic.sh: bad input is one line on standard error and exit code 2", async () => {
  const bad: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /^Type: scripts\/init-clinic\.sh /],
    [[NAME], /^Type: /],
    [["a\nb", EMAIL, PHONE], /^--name must not contain line breaks/],
    [["x".repeat(10_240), EMAIL, PHONE], /^--name must be 1 to 200/],
    [[NAME, "$(id)", PHONE], /^--email must be an e-mail address/],
    [[NAME, EMAIL, "0456"], /^--phone must be in international form/],
    [["🏥", EMAIL, PHONE], /^--slug is missing/],
    [[NAME, EMAIL, PHONE, "--slug", "x';--"], /^--slug must be 3 to 63/],
    [[NAME, EMAIL, PHONE, "--nmae", "x"], /^unknown option '--nmae'/],
    [[NAME, EMAIL, PHONE, "extra"], /^too many arguments/],
  ];
  for (const [args, expected] of bad) {
    const answer = await run([INIT, ...args]);
    assert.equal(answer.code, 2, answer.error);
    assert.equal(answer.out, "");
    assert.match(answer.error, expected);
    assert.equal(answer.error.trimEnd().split("\n").length, 1, answer.error);
  }
});

Deno.test("init-clinic.sh: without a stack it says what to type", async () => {
  await using dir = await tempDataDir();
  const answer = await run([INIT, NAME, EMAIL, PHONE], {
    CLOISON_DATA_DIR: dir.path,
  });
  assert.equal(answer.code, 1);
  assert.match(
    answer.error,
    /^There is no dev stack.*task dev --detach\n$/,
  );
});

Deno.test("cloison: an admin login in the environment is checked, and never shown", async () => {
  const half = await run([INIT, NAME, EMAIL, PHONE], {
    CLOISON_ADMIN_PASSWORD: "hunter2hunter2",
    CLOISON_ADMIN_PORT: "many",
  });
  assert.equal(half.code, 1);
  assert.match(
    half.error,
    /CLOISON_ADMIN_HOST is missing; .*CLOISON_ADMIN_PORT must be a port number; CLOISON_ADMIN_KEY is missing\n$/,
  );
  const away = await run([INIT, NAME, EMAIL, PHONE], {
    CLOISON_ADMIN_PASSWORD: "hunter2hunter2",
    CLOISON_ADMIN_HOST: "127.0.0.1",
    CLOISON_ADMIN_PORT: "1",
    CLOISON_ADMIN_KEY: `k:${"A".repeat(43)}=`,
  });
  assert.equal(away.code, 1);
  assert.match(away.error, /^Cannot reach PostgreSQL at 127\.0\.0\.1:1: .*\n$/);
  assert.doesNotMatch(half.error + away.error, /hunter2/);
});
