import { deepEqual, equal, match, ok } from "node:assert/strict";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";

const printed = new Map<string, Promise<string>>();

function completion(shell: string): Promise<string> {
  const script = printed.get(shell) ?? print(shell);
  printed.set(shell, script);
  return script;
}

async function print(shell: string): Promise<string> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--no-prompt",
      "--allow-env",
      "--allow-read",
      `${PROJECT_DIR}/scripts/cloison.ts`,
      "completion",
      shell,
    ],
    stdin: "null",
    stderr: "inherit",
  }).output();
  equal(code, 0);
  return new TextDecoder().decode(stdout);
}

/** What bash offers for a line whose last word is not finished. */
async function offered(line: readonly string[]): Promise<string[]> {
  const script = `${await completion("bash")}
    COMP_WORDS=(${line.map((word) => `'${word}'`).join(" ")})
    COMP_CWORD=${line.length - 1}
    _cloison
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { code, stdout } = await new Deno.Command("bash", {
    args: ["--norc", "-c", script],
    stdin: "null",
    stderr: "inherit",
  }).output();
  equal(code, 0);
  return new TextDecoder().decode(stdout).trim().split("\n");
}

Deno.test("cloison completion: bash offers commands, what follows them, and their options", async () => {
  deepEqual(await offered(["cloison", "clin"]), ["clinic"]);
  deepEqual(await offered(["cloison", "clinic", "cl"]), ["close"]);
  deepEqual(await offered(["cloison", "clinic", "create", "--sl"]), ["--slug"]);
  deepEqual(await offered(["cloison", "migrate", "--can"]), ["--canary"]);
  deepEqual(await offered(["cloison", "nothing", "--can"]), [""]);
  deepEqual(await offered(["cloison", "help", "clin"]), ["clinic"]);
});

Deno.test("cloison completion: what was typed between, names and values, is passed over", async () => {
  deepEqual(await offered(["cloison", "clinic", "show", "lyon", "--j"]), [
    "--json",
  ]);
  deepEqual(await offered(["cloison", "migrate", "--canary", "5", "--o"]), [
    "--only",
  ]);
  // A value that is the name of a command is no command.
  deepEqual(
    await offered(["cloison", "clinic", "create", "--name", "list", "--em"]),
    ["--email"],
  );
});

Deno.test("cloison completion: an option or argument that takes one of several offers these", async () => {
  const list = ["cloison", "operations", "list"];
  deepEqual(await offered([...list, "--state", "fa"]), ["failed"]);
  deepEqual(await offered([...list, "--kind", "=", "ro"]), ["rotate"]);
  deepEqual(await offered(["cloison", "completion", "f"]), ["fish"]);
});

Deno.test("cloison completion: there is one for zsh and one for fish", async () => {
  ok((await completion("zsh")).startsWith("#compdef cloison\n"));
  match(await completion("fish"), /-f -a clinic -d 'Clinics'\n/);
});
