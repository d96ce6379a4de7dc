/** A letter in plain text to one person. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Hands letters over to whatever delivers them. */
export interface Mailer {
  /** @throws {MailError} when the letter was not taken */
  send(mail: Mail): Promise<void>;
  close(): Promise<void>;
}

/** A letter that was not taken. Says nothing about who it was to, or what was in it. */
export class MailError extends Error {
  override readonly name = "MailError";
  /** Whether the same letter may be taken later. */
  readonly retryable: boolean;

  constructor(
    message: string,
    options: { readonly retryable: boolean; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.retryable = options.retryable;
  }
}

/** What an API has that was told nothing about mail: every letter fails, and the log says why. */
export class NoMailer implements Mailer {
  send(): Promise<void> {
    return Promise.reject(
      new MailError("Cannot send mail: none is configured", {
        retryable: false,
      }),
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
