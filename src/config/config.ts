import * as v from "valibot";
import { Secret } from "../kernel/secret.ts";
import {
  type CellKeyConfig,
  readCellKeys,
  readPlatformKey,
} from "./cell_keys.ts";
import { ConfigError } from "./config_error.ts";
import { type MailConfig, readMail } from "./mail.ts";
import { readTlsCa } from "./tls.ts";

export {
  type CellKeyConfig,
  cellKeyVariable,
  vaultKeyVariable,
} from "./cell_keys.ts";
export { ConfigError } from "./config_error.ts";

/** How a program reaches the central database. */
export interface CentralConfig {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: Secret;
  readonly tlsCa: string | undefined;
}

/** How many requests in how many seconds. */
export interface RateConfig {
  readonly quota: number;
  readonly seconds: number;
}

export interface RatesConfig {
  /** Of one person. */
  readonly actor: RateConfig;
  /** Of everybody in one clinic. */
  readonly clinic: RateConfig;
  /** Failed log-ins of one network at one account, of one network, and at one account. */
  readonly login: RateConfig;
  readonly loginNetwork: RateConfig;
  readonly loginAccount: RateConfig;
}

export interface Config {
  readonly listen: { readonly host: string; readonly port: number };
  /** Where the numbers for monitoring are served; nowhere without a port. */
  readonly metrics?: { readonly host: string; readonly port: number };
  /** The address that clients use; issuer of the access tokens. No trailing slash. */
  readonly publicUrl: string;
  /** Through the pooler, for statements. */
  readonly central: CentralConfig;
  /** Straight to PostgreSQL, for LISTEN. */
  readonly centralDirect: CentralConfig;
  /** Key-encryption keys by cell: this process can open the clinics of these cells and of no others. */
  readonly cellKeys: ReadonlyMap<string, CellKeyConfig>;
  /** Key-encryption key of the platform's own secrets; without it, the platform is not served here. */
  readonly platformKey: CellKeyConfig | undefined;
  /** PEM of the authority that the certificates of all databases and poolers must come from. */
  readonly tlsCa: string | undefined;
  readonly accessTokenSeconds: number;
  /** URL of who hears of weaknesses; undefined where nobody was named. */
  readonly securityContact?: string | undefined;
  /** Origins that a browser may call from. */
  readonly corsOrigins: readonly string[];
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  readonly requestSeconds: number;
  /** What becomes of reads while their line cannot be stored. */
  readonly auditReads: "refuse" | "answer";
  /** How long known clinics are served while the central database cannot be asked, in seconds; 0: not at all. */
  readonly centralOutageSeconds: number;
  /** For the body of a request to arrive; less than `requestSeconds`. */
  readonly bodySeconds: number;
  readonly rates: RatesConfig;
  readonly mail: MailConfig;
  /** How long a session lasts, however often it is refreshed. */
  readonly sessionSeconds: number;
  readonly shutdownSeconds: number;
}

export const Port = v.pipe(
  v.string(),
  v.regex(/^\d{1,5}$/, "must be a port number"),
  v.transform(Number),
  v.maxValue(65_535, "must be a port number"),
);
export const Seconds = v.pipe(
  v.string(),
  v.regex(/^\d{1,6}$/, "must be a number of seconds"),
  v.transform(Number),
  v.minValue(1, "must be at least 1"),
);
/** Longer than a process keeps backends that it cannot be heard to hold, it could serve nobody. */
const OutageSeconds = v.pipe(
  v.string(),
  v.regex(/^\d{1,6}$/, "must be a number of seconds"),
  v.transform(Number),
  v.maxValue(300, "must be at most 300"),
);
export const Text = v.pipe(v.string(), v.minLength(1, "must not be empty"));
const List = v.pipe(
  v.string(),
  v.transform((text) => text.split(",").map((item) => item.trim())),
);

const Rate = v.pipe(
  v.string(),
  v.regex(
    /^[1-9]\d{0,8}\/[1-9]\d{0,4}$/,
    "must be requests/seconds, such as 600/60",
  ),
  v.transform((text) => {
    const [quota, seconds] = text.split("/").map(Number) as [number, number];
    return { quota, seconds };
  }),
);
const Origins = v.pipe(
  List,
  v.transform((items) => items.filter((item) => item !== "")),
  v.everyItem(isOrigin, "must be origins, such as https://app.example"),
);

/** The variables of mail. */
export const MAIL_VARIABLES = {
  CLOISON_MAIL_LINK_BASE: v.optional(
    v.pipe(
      Text,
      v.url("must be a URL"),
      v.regex(/[^/]$/, "must not end with a slash"),
    ),
  ),
  CLOISON_MAIL_OUTBOX: v.optional(Text),
  CLOISON_MAIL_FROM: v.optional(Text),
  CLOISON_MAIL_SMTP_HOST: v.optional(Text),
  CLOISON_MAIL_SMTP_PORT: v.optional(Port, "587"),
  CLOISON_MAIL_SMTP_SECURITY: v.optional(
    v.picklist(
      ["tls", "starttls", "none"],
      "must be tls, starttls or none",
    ),
    "starttls",
  ),
  CLOISON_MAIL_SMTP_USER: v.optional(Text),
  CLOISON_MAIL_SMTP_PASSWORD: v.optional(Text),
  CLOISON_MAIL_SMTP_TLS_CA: v.optional(Text),
} as const;

const Environment = v.object({
  CLOISON_ENV: v.optional(
    v.picklist(
      ["development", "production"],
      "must be development or production",
    ),
    "development",
  ),
  CLOISON_HOST: v.optional(Text, "127.0.0.1"),
  CLOISON_PORT: v.optional(Port, "8787"),
  CLOISON_METRICS_HOST: v.optional(Text, "127.0.0.1"),
  CLOISON_METRICS_PORT: v.optional(Port),
  CLOISON_PUBLIC_URL: v.pipe(
    Text,
    v.url("must be a URL"),
    v.regex(/[^/]$/, "must not end with a slash"),
  ),
  CLOISON_CENTRAL_HOST: Text,
  CLOISON_CENTRAL_PORT: Port,
  CLOISON_CENTRAL_DATABASE: v.optional(Text, "cloison_central"),
  CLOISON_CENTRAL_USER: v.optional(Text, "cloison_api"),
  CLOISON_CENTRAL_PASSWORD: Text,
  CLOISON_CENTRAL_DIRECT_HOST: Text,
  CLOISON_CENTRAL_DIRECT_PORT: Port,
  CLOISON_TLS_CA: v.optional(Text),
  CLOISON_CELLS: v.pipe(List, v.minLength(1)),
  CLOISON_ACCESS_TOKEN_SECONDS: v.optional(Seconds, "600"),
  CLOISON_SESSION_SECONDS: v.optional(Seconds, "43200"),
  ...MAIL_VARIABLES,
  CLOISON_SECURITY_CONTACT: v.optional(
    v.pipe(
      Text,
      v.regex(
        /^(https:\/\/|mailto:)[\x21-\x7e]+$/,
        "must be an https: or mailto: URL",
      ),
    ),
  ),
  CLOISON_CORS_ORIGINS: v.optional(Origins, ""),
  CLOISON_TRUSTED_PROXIES: v.optional(List, ""),
  CLOISON_REQUEST_SECONDS: v.optional(Seconds, "10"),
  CLOISON_AUDIT_READS: v.optional(
    v.picklist(["refuse", "answer"], "must be refuse or answer"),
    "refuse",
  ),
  CLOISON_CENTRAL_OUTAGE_SECONDS: v.optional(OutageSeconds, "300"),
  CLOISON_BODY_SECONDS: v.optional(Seconds, "6"),
  CLOISON_RATE_ACTOR: v.optional(Rate, "1200/60"),
  CLOISON_RATE_CLINIC: v.optional(Rate, "12000/60"),
  CLOISON_RATE_LOGIN: v.optional(Rate, "10/900"),
  CLOISON_RATE_LOGIN_NETWORK: v.optional(Rate, "100/900"),
  CLOISON_RATE_LOGIN_ACCOUNT: v.optional(Rate, "100/3600"),
  CLOISON_SHUTDOWN_SECONDS: v.optional(Seconds, "10"),
});

/**
 * Reads the configuration from environment variables. `NAME_FILE` may stand for any `NAME`: its value is then the
 * content of that file, which keeps secrets out of the process environment.
 * @throws {ConfigError} that lists everything that is wrong at once
 */
export function loadConfig(
  env: Readonly<Record<string, string>>,
  readFile: (path: string) => string,
): Config {
  const values = readFiles(env, readFile);
  const parsed = v.safeParse(Environment, values);
  if (!parsed.success) {
    throw new ConfigError(parsed.issues.map(describeIssue));
  }
  const set = parsed.output;
  if (set.CLOISON_BODY_SECONDS >= set.CLOISON_REQUEST_SECONDS) {
    throw new ConfigError([
      "CLOISON_BODY_SECONDS must be less than CLOISON_REQUEST_SECONDS",
    ]);
  }
  const tlsCa = readTlsCa(set.CLOISON_TLS_CA, set.CLOISON_ENV, {
    CLOISON_CENTRAL_HOST: set.CLOISON_CENTRAL_HOST,
    CLOISON_CENTRAL_DIRECT_HOST: set.CLOISON_CENTRAL_DIRECT_HOST,
  });
  const central = {
    database: set.CLOISON_CENTRAL_DATABASE,
    user: set.CLOISON_CENTRAL_USER,
    password: new Secret(set.CLOISON_CENTRAL_PASSWORD),
    tlsCa,
  };
  return Object.freeze({
    listen: { host: set.CLOISON_HOST, port: set.CLOISON_PORT },
    ...(set.CLOISON_METRICS_PORT === undefined ? {} : {
      metrics: {
        host: set.CLOISON_METRICS_HOST,
        port: set.CLOISON_METRICS_PORT,
      },
    }),
    publicUrl: set.CLOISON_PUBLIC_URL,
    central: {
      ...central,
      host: set.CLOISON_CENTRAL_HOST,
      port: set.CLOISON_CENTRAL_PORT,
    },
    centralDirect: {
      ...central,
      host: set.CLOISON_CENTRAL_DIRECT_HOST,
      port: set.CLOISON_CENTRAL_DIRECT_PORT,
    },
    cellKeys: readCellKeys(set.CLOISON_CELLS, values),
    platformKey: readPlatformKey(values),
    tlsCa,
    accessTokenSeconds: set.CLOISON_ACCESS_TOKEN_SECONDS,
    sessionSeconds: set.CLOISON_SESSION_SECONDS,
    mail: readMail(set, {
      publicUrl: set.CLOISON_PUBLIC_URL,
      environment: set.CLOISON_ENV,
    }),
    securityContact: set.CLOISON_SECURITY_CONTACT,
    corsOrigins: set.CLOISON_CORS_ORIGINS,
    trustedProxies: set.CLOISON_TRUSTED_PROXIES.filter((item) => item !== ""),
    requestSeconds: set.CLOISON_REQUEST_SECONDS,
    auditReads: set.CLOISON_AUDIT_READS,
    centralOutageSeconds: set.CLOISON_CENTRAL_OUTAGE_SECONDS,
    bodySeconds: set.CLOISON_BODY_SECONDS,
    rates: {
      actor: set.CLOISON_RATE_ACTOR,
      clinic: set.CLOISON_RATE_CLINIC,
      login: set.CLOISON_RATE_LOGIN,
      loginNetwork: set.CLOISON_RATE_LOGIN_NETWORK,
      loginAccount: set.CLOISON_RATE_LOGIN_ACCOUNT,
    },
    shutdownSeconds: set.CLOISON_SHUTDOWN_SECONDS,
  });
}

export function readFiles(
  env: Readonly<Record<string, string>>,
  readFile: (path: string) => string,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("CLOISON_")) continue;
    if (!name.endsWith("_FILE")) {
      values[name] ??= value;
      continue;
    }
    try {
      values[name.slice(0, -"_FILE".length)] = readFile(value).trim();
    } catch (error) {
      throw new ConfigError([
        `${name} cannot be read: ${(error as Error).name}`,
      ]);
    }
  }
  return values;
}

/** As browsers write it in `Origin`: nothing else would ever be equal to it. */
function isOrigin(text: string): boolean {
  return URL.parse(text)?.origin === text;
}

export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const name = String(issue.path?.[0]?.key ?? "environment");
  return issue.received === "undefined"
    ? `${name} is missing`
    : `${name} ${issue.message}`;
}
