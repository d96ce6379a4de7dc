import { Secret } from "../kernel/secret.ts";
import { ConfigError } from "./config_error.ts";

export type MailDelivery =
  | {
    readonly kind: "smtp";
    readonly host: string;
    readonly port: number;
    readonly security: "tls" | "starttls" | "none";
    readonly login?:
      | { readonly user: string; readonly password: Secret }
      | undefined;
    readonly from: string;
    readonly tlsCa?: string | undefined;
  }
  | { readonly kind: "outbox"; readonly folder: string }
  | { readonly kind: "none" };

export interface MailConfig {
  readonly delivery: MailDelivery;
  /** Where the people's own application is. No trailing slash. */
  readonly linkBase: string;
}

/** The variables of mail, as they were read. */
export interface MailVariables {
  readonly CLOISON_MAIL_LINK_BASE?: string | undefined;
  readonly CLOISON_MAIL_OUTBOX?: string | undefined;
  readonly CLOISON_MAIL_FROM?: string | undefined;
  readonly CLOISON_MAIL_SMTP_HOST?: string | undefined;
  readonly CLOISON_MAIL_SMTP_PORT: number;
  readonly CLOISON_MAIL_SMTP_SECURITY: "tls" | "starttls" | "none";
  readonly CLOISON_MAIL_SMTP_USER?: string | undefined;
  readonly CLOISON_MAIL_SMTP_PASSWORD?: string | undefined;
  readonly CLOISON_MAIL_SMTP_TLS_CA?: string | undefined;
}

/** @throws {ConfigError} when the variables do not fit together, or would put passwords on an open wire */
export function readMail(
  set: MailVariables,
  context: {
    readonly publicUrl: string;
    readonly environment: "development" | "production";
  },
): MailConfig {
  const linkBase = set.CLOISON_MAIL_LINK_BASE ?? context.publicUrl;
  const problems = [...problemsOf(set, context.environment)];
  if (problems.length > 0) throw new ConfigError(problems);
  return { delivery: deliveryOf(set), linkBase };
}

function* problemsOf(
  set: MailVariables,
  environment: "development" | "production",
): Generator<string> {
  const production = environment === "production";
  if (set.CLOISON_MAIL_OUTBOX !== undefined && production) {
    yield "CLOISON_MAIL_OUTBOX must not be set in production: nobody would get the letters";
  }
  if (set.CLOISON_MAIL_SMTP_HOST === undefined) return;
  if (set.CLOISON_MAIL_OUTBOX !== undefined) {
    yield "CLOISON_MAIL_OUTBOX and CLOISON_MAIL_SMTP_HOST must not both be set";
  }
  if (set.CLOISON_MAIL_FROM === undefined) {
    yield "CLOISON_MAIL_FROM is missing";
  }
  if (set.CLOISON_MAIL_SMTP_SECURITY === "none" && production) {
    yield "CLOISON_MAIL_SMTP_SECURITY must be tls or starttls in production";
  }
  const user = set.CLOISON_MAIL_SMTP_USER !== undefined;
  const password = set.CLOISON_MAIL_SMTP_PASSWORD !== undefined;
  if (user !== password) {
    yield "CLOISON_MAIL_SMTP_USER and CLOISON_MAIL_SMTP_PASSWORD must be set together";
  }
}

function deliveryOf(set: MailVariables): MailDelivery {
  if (set.CLOISON_MAIL_OUTBOX !== undefined) {
    return { kind: "outbox", folder: set.CLOISON_MAIL_OUTBOX };
  }
  if (set.CLOISON_MAIL_SMTP_HOST === undefined) return { kind: "none" };
  const user = set.CLOISON_MAIL_SMTP_USER;
  return {
    kind: "smtp",
    host: set.CLOISON_MAIL_SMTP_HOST,
    port: set.CLOISON_MAIL_SMTP_PORT,
    security: set.CLOISON_MAIL_SMTP_SECURITY,
    login: user === undefined
      ? undefined
      : { user, password: new Secret(set.CLOISON_MAIL_SMTP_PASSWORD!) },
    from: set.CLOISON_MAIL_FROM!,
    tlsCa: set.CLOISON_MAIL_SMTP_TLS_CA,
  };
}
