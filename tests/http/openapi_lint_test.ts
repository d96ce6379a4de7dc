import { equal, match, ok } from "node:assert/strict";

const LINT = new URL("../../scripts/openapi/lint/", import.meta.url);

Deno.test("openapi: at most three rules of the linters are off, each with its reason", async () => {
  let exceptions = 0;
  for (const name of ["spectral.yaml", "redocly.yaml"]) {
    const lines = (await Deno.readTextFile(new URL(name, LINT))).split("\n");
    for (const [n, line] of lines.entries()) {
      if (!/:\s*["']?(off|info|hint|warn)\b/.test(line)) continue;
      exceptions++;
      match(line, /: "?off"?$/, `${name}: ${line} is weaker without saying so`);
      match(lines[n - 1]!, /^ *# \S/, `${name}: ${line} has no reason`);
    }
    equal(/overrides|ignore/.test(lines.join("\n")), false, name);
  }
  ok(exceptions <= 3, `${exceptions} rules are off`);
});

Deno.test("openapi: the linters are pinned, and say nothing of where they come from", async () => {
  const pins = JSON.parse(
    await Deno.readTextFile(new URL("package.json", LINT)),
  );
  for (const version of Object.values(pins.dependencies)) {
    match(String(version), /^\d+\.\d+\.\d+$/);
  }
  const lock = await Deno.readTextFile(new URL("package-lock.json", LINT));
  equal(lock.includes('"resolved"'), false);
  ok(lock.includes('"integrity": "sha512-'));
});
