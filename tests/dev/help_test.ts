import assert from "node:assert/strict";
import type { Command } from "commander";
import { openProgram } from "../../scripts/cli/program.ts";

/** A command got so far that it wants the cluster. */
class Reached extends Error {}

function program(help: string[] = []): Command {
  return openProgram(
    () => Promise.reject(new Reached()),
    (text) => void help.push(text),
  );
}

/** What a command's `--help` shows. */
async function helpOf(words: readonly string[]): Promise<string> {
  const help: string[] = [];
  await assert.rejects(
    program(help).parseAsync([...words, "--help"], { from: "user" }),
    { code: "commander.helpDisplayed" },
  );
  return help.join("");
}

/** Of what does something: what holds only other commands shows these. */
function pathsOf(
  command: Command,
  words: readonly string[] = [],
): (readonly string[])[] {
  return [
    ...(command.commands.length === 0 ? [words] : []),
    ...command.commands.flatMap((each) =>
      pathsOf(each, [...words, each.name()])
    ),
  ];
}

/** As a shell reads it; what goes on behind a pipe is not ours. */
function wordsOf(line: string): string[] {
  const [ours = ""] = line.split(/[|>]/);
  return [...ours.matchAll(/"([^"]*)"|(\S+)/g)]
    .map(([, quoted, plain]) => quoted ?? plain ?? "");
}

Deno.test("cloison --help: every command shows how it is typed, and what it shows is taken as typed", async () => {
  const unread = ["audit", "completion"];
  let typed = 0;
  for (const words of pathsOf(program())) {
    const help = await helpOf(words);
    const [, shown] = help.split("\nExamples:\n");
    assert.ok(shown, `cloison ${words.join(" ")} has no examples`);
    const lines = shown.split("\n").filter((line) =>
      line.startsWith("  cloison ")
    );
    if (unread.includes(words[0]!)) continue;
    assert.ok(
      lines.some((line) => line.startsWith(`  cloison ${words.join(" ")}`)),
      `cloison ${words.join(" ")} shows other commands alone`,
    );
    for (const line of lines) {
      // A password is asked for before the cluster is.
      if (line.includes("platform-user create")) continue;
      const [, ...args] = wordsOf(line);
      await assert.rejects(
        program().parseAsync(args, { from: "user" }),
        Reached,
        line,
      );
      typed++;
    }
  }
  assert.ok(typed > 40, `${typed}`);
});

Deno.test("cloison --help: it fits on a terminal of 120 columns, and says nothing of what is off", async () => {
  for (const words of pathsOf(program())) {
    const help = await helpOf(words);
    assert.doesNotMatch(help, /default: (false|undefined)/);
    for (const line of help.split("\n")) {
      assert.ok(line.length <= 120, line);
    }
  }
});
