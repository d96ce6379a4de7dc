import * as v from "valibot";
import { Secret } from "../kernel/secret.ts";
import { AUDIT_VARIABLES, type AuditConfig, readAudit } from "./audit.ts";
import { type CellKeyConfig, readCellKeys } from "./cell_keys.ts";
import {
  describeIssue,
  MAIL_VARIABLES,
  Port,
  readFiles,
  Seconds,
  Text,
} from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { type MailConfig, readMail } from "./mail.ts";
import { readTlsCa } from "./tls.ts";

/** How the worker reaches a server. */
export interface WorkerLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
  readonly tlsCa: string | undefined;
}

export interface BackupConfig {
  /** Where the encrypted files are kept. */
  readonly folder: string;
  /** Folder of `pg_dump` and `pg_restore`. */
  readonly pgBin: string;
  /** Reads everything, and can change nothing. */
  readonly login: WorkerLogin;
  /** For the programs of PostgreSQL, which want a file. */
  readonly tlsCaFile: string | undefined;
}

/** What the worker of one cell is told. */
export interface WorkerConfig {
  /** Straight to PostgreSQL. */
  readonly admin: WorkerLogin;
  readonly cell: string;
  readonly keys: ReadonlyMap<string, CellKeyConfig>;
  /** The cell's pooler, for what has to hold clients back. */
  readonly pooler: WorkerLogin | undefined;
  readonly mail: MailConfig;
  /** Without it nothing is backed up, and so no clinic's data are removed either. */
  readonly backups: BackupConfig | undefined;
  readonly concurrency: number;
  readonly leaseSeconds: number;
  readonly graceDays: number;
  readonly backupDays: number;
  /** Lifetime of the API's access tokens: for so long an old key still verifies. */
  readonly accessTokenSeconds: number;
  readonly choreSeconds: number;
  /** Without it, nothing outside the database vouches for the trail. */
  readonly audit: AuditConfig | undefined;
  /** For so many whole months a line of the trail is kept. */
  readonly auditKeepMonths: number;
}

function whole(max: number) {
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,6}$/, "must be a number"),
    v.transform(Number),
    v.maxValue(max, `must be at most ${max}`),
  );
}

const Environment = v.object({
  CLOISON_ENV: v.optional(
    v.picklist(
      ["development", "production"],
      "must be development or production",
    ),
    "development",
  ),
  CLOISON_PUBLIC_URL: v.pipe(Text, v.url("must be a URL")),
  CLOISON_ADMIN_HOST: Text,
  CLOISON_ADMIN_PORT: Port,
  CLOISON_ADMIN_USER: v.optional(Text, "cloison_worker"),
  CLOISON_ADMIN_PASSWORD: Text,
  CLOISON_ADMIN_CELL: Text,
  CLOISON_ADMIN_POOLER_HOST: v.optional(Text),
  CLOISON_ADMIN_POOLER_PORT: v.optional(Port, "6432"),
  CLOISON_ADMIN_POOLER_USER: v.optional(Text, "cloison_pooler_admin"),
  CLOISON_ADMIN_POOLER_PASSWORD: v.optional(Text),
  CLOISON_TLS_CA: v.optional(Text),
  CLOISON_BACKUP_FOLDER: v.optional(Text),
  CLOISON_BACKUP_USER: v.optional(Text, "cloison_backup"),
  CLOISON_BACKUP_PASSWORD: v.optional(Text),
  CLOISON_BACKUP_PG_BIN: v.optional(Text, "/usr/bin"),
  ...MAIL_VARIABLES,
  CLOISON_WORKER_CONCURRENCY: v.optional(
    v.pipe(whole(32), v.minValue(1, "must be at least 1")),
    "4",
  ),
  CLOISON_WORKER_LEASE_SECONDS: v.optional(Seconds, "30"),
  CLOISON_WORKER_CHORE_SECONDS: v.optional(Seconds, "3600"),
  ...AUDIT_VARIABLES,
  CLOISON_AUDIT_KEEP_MONTHS: v.optional(
    v.pipe(whole(1_200), v.minValue(6, "must be at least 6")),
    "120",
  ),
  CLOISON_CLOSE_GRACE_DAYS: v.optional(whole(3_650), "30"),
  CLOISON_CLOSE_BACKUP_DAYS: v.optional(whole(36_500), "365"),
  CLOISON_ACCESS_TOKEN_SECONDS: v.optional(Seconds, "600"),
});

type Environment = v.InferOutput<typeof Environment>;

/**
 * Reads the worker's configuration. `NAME_FILE` may stand for any `NAME`.
 * @throws {ConfigError} that lists everything that is wrong at once
 */
export function loadWorkerConfig(
  env: Readonly<Record<string, string>>,
  readFile: (path: string) => string,
): WorkerConfig {
  const values = readFiles(env, readFile);
  const parsed = v.safeParse(Environment, values);
  if (!parsed.success) {
    throw new ConfigError(parsed.issues.map(describeIssue));
  }
  const set = parsed.output;
  const tlsCa = readTlsCa(set.CLOISON_TLS_CA, set.CLOISON_ENV, {
    CLOISON_ADMIN_HOST: set.CLOISON_ADMIN_HOST,
  });
  const address = {
    host: set.CLOISON_ADMIN_HOST,
    port: set.CLOISON_ADMIN_PORT,
    tlsCa,
  };
  return Object.freeze({
    admin: {
      ...address,
      user: set.CLOISON_ADMIN_USER,
      password: new Secret(set.CLOISON_ADMIN_PASSWORD),
    },
    cell: set.CLOISON_ADMIN_CELL,
    keys: readCellKeys([set.CLOISON_ADMIN_CELL], values),
    pooler: readPooler(set, tlsCa),
    mail: readMail(set, {
      publicUrl: set.CLOISON_PUBLIC_URL,
      environment: set.CLOISON_ENV,
    }),
    backups: readBackups(set, address, env.CLOISON_TLS_CA_FILE),
    concurrency: set.CLOISON_WORKER_CONCURRENCY,
    leaseSeconds: set.CLOISON_WORKER_LEASE_SECONDS,
    graceDays: set.CLOISON_CLOSE_GRACE_DAYS,
    backupDays: set.CLOISON_CLOSE_BACKUP_DAYS,
    accessTokenSeconds: set.CLOISON_ACCESS_TOKEN_SECONDS,
    choreSeconds: set.CLOISON_WORKER_CHORE_SECONDS,
    audit: readAudit(set, set.CLOISON_ENV),
    auditKeepMonths: set.CLOISON_AUDIT_KEEP_MONTHS,
  });
}

function readPooler(
  set: Environment,
  tlsCa: string | undefined,
): WorkerLogin | undefined {
  if (set.CLOISON_ADMIN_POOLER_PASSWORD === undefined) return undefined;
  return {
    host: set.CLOISON_ADMIN_POOLER_HOST ?? set.CLOISON_ADMIN_HOST,
    port: set.CLOISON_ADMIN_POOLER_PORT,
    user: set.CLOISON_ADMIN_POOLER_USER,
    password: new Secret(set.CLOISON_ADMIN_POOLER_PASSWORD),
    tlsCa,
  };
}

function readBackups(
  set: Environment,
  address: Pick<WorkerLogin, "host" | "port" | "tlsCa">,
  tlsCaFile: string | undefined,
): BackupConfig | undefined {
  const folder = set.CLOISON_BACKUP_FOLDER;
  const password = set.CLOISON_BACKUP_PASSWORD;
  if (folder === undefined && password === undefined) return undefined;
  if (folder === undefined || password === undefined) {
    throw new ConfigError([
      "CLOISON_BACKUP_FOLDER and CLOISON_BACKUP_PASSWORD must be set together",
    ]);
  }
  if (address.tlsCa !== undefined && tlsCaFile === undefined) {
    throw new ConfigError([
      "CLOISON_TLS_CA_FILE must be given as a file: pg_dump reads it",
    ]);
  }
  return {
    folder,
    pgBin: set.CLOISON_BACKUP_PG_BIN,
    tlsCaFile,
    login: {
      ...address,
      user: set.CLOISON_BACKUP_USER,
      password: new Secret(password),
    },
  };
}
