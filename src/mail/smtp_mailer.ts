import { createTransport } from "nodemailer";
import type { Secret } from "../kernel/secret.ts";
import { type Mail, type Mailer, MailError } from "./mailer.ts";

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** `tls`: from the first byte; `starttls`: or nothing is sent; `none`: on the loopback, or to a test server. */
  readonly security: "tls" | "starttls" | "none";
  readonly login?:
    | { readonly user: string; readonly password: Secret }
    | undefined;
  /** The sender, as it stands in the header. */
  readonly from: string;
  /** PEM of the authority that the server's certificate must come from, if it is no public one. */
  readonly tlsCa?: string | undefined;
}

const TIMEOUT_MS = 10_000;
/** Name that the server is greeted with; the name of the machine is nobody's business. */
const HELO_NAME = "cloison";

/** Sends through an SMTP server, over a few connections that are kept. */
export class SmtpMailer implements Mailer {
  readonly #transport: ReturnType<typeof openTransport>;
  readonly #from: string;

  constructor(options: SmtpOptions) {
    this.#transport = openTransport(options);
    this.#from = options.from;
  }

  async send(mail: Mail): Promise<void> {
    const { to, subject, text } = mail;
    try {
      await this.#transport.sendMail({
        from: this.#from,
        // As an object, so that no comma in it makes two recipients of one.
        to: { name: "", address: to },
        subject,
        text,
        // So that no absence notice answers it (RFC 3834).
        headers: { "Auto-Submitted": "auto-generated" },
      });
    } catch (cause) {
      const { responseCode } = cause as { responseCode?: number };
      // A 5xx is final (RFC 5321 section 4.2.1); without an answer, or with a 4xx, later may do.
      const retryable = responseCode === undefined || responseCode < 500;
      throw new MailError("Cannot send mail: the server did not take it", {
        retryable,
        cause,
      });
    }
  }

  close(): Promise<void> {
    this.#transport.close();
    return Promise.resolve();
  }
}

function openTransport(options: SmtpOptions) {
  const { host, port, security, login, tlsCa } = options;
  return createTransport({
    pool: true,
    maxConnections: 2,
    host,
    port,
    name: HELO_NAME,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(login
      ? { auth: { user: login.user, pass: login.password.reveal() } }
      : {}),
    tls: { minVersion: "TLSv1.2", ...(tlsCa ? { ca: tlsCa } : {}) },
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // A letter is text that we wrote: nothing in it makes the library read a file or call an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}
