import type { Logger } from "../kernel/log.ts";
import { Letters } from "./letters.ts";
import { MailQueue } from "./mail_queue.ts";
import { type Mailer, NoMailer } from "./mailer.ts";
import { OutboxMailer } from "./outbox_mailer.ts";
import { SmtpMailer, type SmtpOptions } from "./smtp_mailer.ts";

export interface MailOptions {
  readonly delivery:
    | ({ readonly kind: "smtp" } & SmtpOptions)
    | { readonly kind: "outbox"; readonly folder: string }
    | { readonly kind: "none" };
  /** Where the people's own application is; links lead into it. No trailing slash. */
  readonly linkBase: string;
}

/** What sends letters, as the options say. */
export function openMail(
  options: MailOptions,
  log: Logger,
): { readonly letters: Letters; readonly queue: MailQueue } {
  const queue = new MailQueue({ mailer: openMailer(options), log });
  return { queue, letters: new Letters({ queue, linkBase: options.linkBase }) };
}

/** Without a queue: for who waits until a letter was taken. */
export function openMailer(
  { delivery }: Pick<MailOptions, "delivery">,
): Mailer {
  switch (delivery.kind) {
    case "smtp":
      return new SmtpMailer(delivery);
    case "outbox":
      return new OutboxMailer(delivery.folder);
    case "none":
      return new NoMailer();
  }
}
