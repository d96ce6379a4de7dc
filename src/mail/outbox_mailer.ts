import { uuidv7 } from "../kernel/ids.ts";
import { type Mail, type Mailer, MailError } from "./mailer.ts";

/** Puts letters into a folder instead of sending them, one JSON file each, the newest last by name. For development. */
export class OutboxMailer implements Mailer {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async send({ to, subject, text }: Mail): Promise<void> {
    const path = `${this.#folder}/${uuidv7()}.json`;
    const content = JSON.stringify({ to, subject, text }, null, 2);
    try {
      await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
      // Under another name until it is whole, so that nobody reads half of it.
      await Deno.writeTextFile(`${path}.part`, content, { mode: 0o600 });
      await Deno.rename(`${path}.part`, path);
    } catch (cause) {
      throw new MailError("Cannot put mail into the outbox", {
        retryable: false,
        cause,
      });
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
