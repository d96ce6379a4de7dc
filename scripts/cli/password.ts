import { Secret } from "../../src/kernel/secret.ts";
import { ArgumentError } from "./arguments.ts";
import { write } from "./terminal.ts";

const MAX_BYTES = 2_048;
const ENTER = new Set(["\r", "\n"]);
const INTERRUPT = "\u0003";
const ERASE = new Set(["\b", "\u007f"]);

/**
 * Asks for a new password without showing it, twice; where nobody sits in front of it, the first line of standard input
 * is the password. It never stands among the arguments, which everybody on the machine can list.
 * @throws {ArgumentError} when there is none, or the two differ
 */
export async function readNewPassword(): Promise<Secret> {
  if (!Deno.stdin.isTerminal()) return new Secret(await firstLine());
  const first = await ask("New password: ");
  if (first !== await ask("The same again: ")) {
    throw new ArgumentError("the two passwords differ");
  }
  return new Secret(first);
}

async function firstLine(): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  try {
    for await (const bytes of Deno.stdin.readable) {
      text += decoder.decode(bytes, { stream: true });
      if (text.includes("\n") || text.length > MAX_BYTES) break;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ArgumentError("the password is not UTF-8");
  }
  const line = text.split(/\r?\n/)[0] ?? "";
  if (line === "") {
    throw new ArgumentError("give the password as a line of standard input");
  }
  if (line.length > MAX_BYTES) throw new ArgumentError("that is no password");
  return line;
}

async function ask(question: string): Promise<string> {
  write(Deno.stderr, question);
  Deno.stdin.setRaw(true);
  try {
    return await typed();
  } finally {
    Deno.stdin.setRaw(false);
    write(Deno.stderr, "\n");
  }
}

async function typed(): Promise<string> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(64);
  let text = "";
  for (;;) {
    const count = await Deno.stdin.read(bytes);
    const piece = decoder.decode(bytes.subarray(0, count ?? 0), {
      stream: true,
    });
    for (const character of piece) {
      if (ENTER.has(character)) return text;
      if (character === INTERRUPT) throw new ArgumentError("interrupted");
      text = ERASE.has(character)
        ? [...text].slice(0, -1).join("")
        : text + character;
    }
    if (count === null || text.length > MAX_BYTES) {
      throw new ArgumentError("that is no password");
    }
  }
}
