import { ok } from "node:assert/strict";
import type { Mail } from "../../src/mail/mailer.ts";
import type { World } from "./world.ts";

/** Letters to somebody, the oldest first. */
export async function lettersTo(world: World, to: string): Promise<Mail[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(world.outbox)) {
    if (name.endsWith(".json")) names.push(name);
  }
  const letters = await Promise.all(
    names.sort().map(async (name) =>
      JSON.parse(await Deno.readTextFile(`${world.outbox}/${name}`)) as Mail
    ),
  );
  return letters.filter((letter) => letter.to === to);
}

/** Waits until somebody has had that many letters. @returns the newest */
export async function nextLetter(
  world: World,
  to: string,
  count = 1,
): Promise<Mail> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const letters = await lettersTo(world, to);
    if (letters.length >= count) return letters.at(-1)!;
    ok(performance.now() < deadline, `no letter number ${count} came`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The token of the link in a letter. */
export function tokenIn(letter: Mail): string {
  const token = /#token=(\S+)/.exec(letter.text)?.[1];
  ok(token, "the letter has no link");
  return token;
}
