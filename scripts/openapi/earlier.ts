import { DOCUMENT_PATH } from "./document.ts";

/**
 * The committed document that `present` comes after: the newest that differs from it, so that the check means the same
 * before and after a commit. `undefined` when there is none in the history at hand.
 * @throws {Error} when git fails
 */
export async function earlierDocument(
  present: string,
  folder: URL,
): Promise<string | undefined> {
  const commits = await git(
    ["log", "-3", "--format=%H", "--", DOCUMENT_PATH],
    folder,
  );
  for (const commit of commits.split("\n").filter((line) => line !== "")) {
    const text = await git(["show", `${commit}:${DOCUMENT_PATH}`], folder)
      .catch(() => undefined); // the commit that removed it
    if (text !== undefined && text !== present) return text;
  }
  return undefined;
}

async function git(args: readonly string[], cwd: URL): Promise<string> {
  const command = new Deno.Command("git", { args: [...args], cwd });
  const { success, stdout, stderr } = await command.output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`Cannot read history: ${new TextDecoder().decode(stderr)}`);
}
