import { TEST_FLAGS } from "../../scripts/dev/permissions.ts";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";

/** A worker process that stands still at the boundary with that number, to be killed there. */
export class KilledWorker {
  readonly #child: Deno.ChildProcess;

  constructor(stackFile: string, folder: string, boundary: number) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-check",
        ...TEST_FLAGS,
        `${PROJECT_DIR}/tests/support/killed_worker.ts`,
        folder,
        String(boundary),
      ],
      cwd: PROJECT_DIR,
      env: { CLOISON_TEST_STACK: stackFile },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  }

  async go(): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new Uint8Array([10]));
    await writer.close();
  }

  /** Settles when it stands still, with the place. */
  async boundary(): Promise<string> {
    const reader = this.#child.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    return new TextDecoder().decode(value).trim();
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.stdout.cancel();
    await this.#child.status;
  }
}
