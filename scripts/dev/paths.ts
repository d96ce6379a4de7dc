import { resolve } from "node:path";
import { PROJECT_DIR } from "../stack/tools.ts";

/** Where the dev stack keeps what it knows. */
export interface DevPaths {
  /** Belongs to the stack: data, passwords, keys, logs of the servers. */
  readonly stack: string;
  /** Addresses and demo log-ins, for people and for programs. */
  readonly devFile: string;
  /** Locked while a dev stack runs; says who runs it. */
  readonly lock: string;
  /** What `dev --detach` has to say once nobody listens. */
  readonly log: string;
  readonly apiLog: string;
  readonly workerLog: string;
  readonly credentials: string;
  /** Key-encryption key of the one cell. */
  readonly keyFile: string;
  /** Key-encryption key of the platform's own secrets. */
  readonly platformKeyFile: string;
  /** The API's password for the central database. */
  readonly apiPassword: string;
  /** The worker's passwords: for PostgreSQL, for the pooler's console, and to read databases for backups. */
  readonly workerPassword: string;
  readonly poolerPassword: string;
  readonly backupPassword: string;
  /** Encrypted backups. */
  readonly backups: string;
  /** What the worker signs with where the trail's chains end, and what its notes are verified with. */
  readonly auditKey: string;
  readonly auditPublicKey: string;
  /** These notes. */
  readonly auditNotes: string;
  /** Where letters go instead of being mailed, a file each. */
  readonly outbox: string;
  /** Stands there until the first start has come to its end. */
  readonly unfinished: string;
}

/** The one cell of a local stack. */
export const CELL = "local";

/**
 * The paths under `CLOISON_DATA_DIR`, which must be in the project's `.data`: the tasks may write nowhere else.
 * @throws {RangeError} when it is not
 */
export function devPaths(env: (name: string) => string | undefined): DevPaths {
  const base = `${PROJECT_DIR}/.data`;
  const chosen = env("CLOISON_DATA_DIR") || base;
  const root = resolve(PROJECT_DIR, chosen);
  if (root !== base && !root.startsWith(`${base}/`)) {
    throw new RangeError(
      `Cannot use CLOISON_DATA_DIR=${chosen}: it must be inside .data`,
    );
  }
  const stack = `${root}/dev`;
  return {
    stack,
    devFile: `${root}/dev.json`,
    lock: `${root}/dev.lock`,
    log: `${root}/dev.log`,
    apiLog: `${stack}/api.log`,
    workerLog: `${stack}/worker.log`,
    credentials: `${stack}/credentials.json`,
    keyFile: `${stack}/keys/${CELL}.key`,
    platformKeyFile: `${stack}/keys/platform.key`,
    apiPassword: `${stack}/keys/central.password`,
    workerPassword: `${stack}/keys/worker.password`,
    poolerPassword: `${stack}/keys/pooler_admin.password`,
    backupPassword: `${stack}/keys/backup.password`,
    backups: `${stack}/backups`,
    auditKey: `${stack}/keys/audit.pem`,
    auditPublicKey: `${stack}/audit.pub`,
    auditNotes: `${stack}/audit`,
    outbox: `${stack}/outbox`,
    unfinished: `${stack}/unfinished`,
  };
}
