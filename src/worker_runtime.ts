import { CheckpointFolder, CheckpointLog } from "./audit/checkpoint_files.ts";
import { CheckpointStore } from "./audit/checkpoint_store.ts";
import type { CheckpointSink } from "./audit/checkpoints.ts";
import { AUDIT_SIGNER, NoteSigner } from "./audit/signed_note.ts";
import type { NotesPlace } from "./config/audit.ts";
import type { WorkerConfig, WorkerLogin } from "./config/worker_config.ts";
import type { KeyProvider } from "./crypto/key_provider.ts";
import { PasswordHasher } from "./crypto/passwords.ts";
import type { ConnectionTarget } from "./db/driver.ts";
import { DatabaseError } from "./db/errors.ts";
import { Listener } from "./db/listener.ts";
import type { Migration } from "./db/migrations.ts";
import { Pool } from "./db/pool.ts";
import { systemClock } from "./kernel/clock.ts";
import { type NewId, uuidv7 } from "./kernel/ids.ts";
import type { Logger } from "./kernel/log.ts";
import type { Mailer } from "./mail/mailer.ts";
import { openMailer } from "./mail/open_mail.ts";
import { openCellKeys } from "./tenancy/directory/cell_keys.ts";
import { verifyCellKeys } from "./tenancy/directory/cell_probe.ts";
import { BackupStore } from "./tenancy/backups/backup_store.ts";
import { ClinicBackups } from "./tenancy/backups/clinic_backups.ts";
import { Chores } from "./tenancy/operations/chores.ts";
import { resumeSaga, suspendSaga } from "./tenancy/operations/clinic_state.ts";
import { declareRetention } from "./tenancy/operations/confirmations.ts";
import { closeSaga, purgeSaga } from "./tenancy/operations/close.ts";
import { rotateSaga } from "./tenancy/operations/rotate.ts";
import { createSaga } from "./tenancy/operations/create.ts";
import { migrateSaga } from "./tenancy/operations/migrate.ts";
import { Ledger } from "./tenancy/operations/ledger.ts";
import type { Boundary } from "./tenancy/operations/runner.ts";
import type { Saga } from "./tenancy/operations/saga.ts";
import { OperationsWorker } from "./tenancy/operations/worker.ts";
import { CENTRAL_DATABASE } from "./tenancy/provisioning/admin.ts";
import { retentionSaga } from "./tenancy/retention/clinic_retention.ts";
import { StockKeeper } from "./tenancy/stock/stock_keeper.ts";
import {
  TrailKeeper,
  type TrailKeeperOptions,
} from "./tenancy/trail_keeper.ts";

export interface WorkerOptions {
  readonly log: Logger;
  readonly newId: NewId;
  /** Of the clinics. */
  readonly migrations: readonly Migration[];
  /** For tests, which end the process there. */
  readonly atBoundary?: Boundary;
  readonly leaseMs?: number;
  /** See `RotationContext`. */
  readonly settle?: () => Promise<void>;
  readonly pollMs?: number;
}

/** A worker that runs. */
export interface WorkerRuntime {
  readonly stock: StockKeeper;
  /** Settles when every operation has come to the end of the step that it was in. */
  close(): Promise<void>;
}

const CHANNEL = "operations";

/**
 * Opens what the worker of a cell stands on, and begins.
 * @throws {Error} with one clear line when the central database cannot be reached, or the key is not the cell's
 */
export async function openWorker(
  config: WorkerConfig,
  options: WorkerOptions,
): Promise<WorkerRuntime> {
  const { log, newId, migrations, settle } = options;
  const { admin: login, cell } = config;
  const target = { ...login, database: CENTRAL_DATABASE };
  const central = new Pool(
    { ...target, applicationName: "cloison-worker-ledger" },
    { maxConnections: 2, maxPipelined: 32, maxWaiting: 1_000 },
  );
  const allKeys = openCellKeys(config.keys);
  try {
    await verifyCellKeys(central, allKeys);
    await declareRetention(central, cell, config);
  } catch (error) {
    await central.close();
    throw error instanceof DatabaseError ? unreachable(login, error) : error;
  }
  const keys = allKeys.get(cell)!;
  const mailer = openMailer(config.mail);
  const stock = new StockKeeper({
    central,
    login,
    cell,
    keys,
    migrations,
    newId,
    log,
  });
  const worker = new OperationsWorker({
    ledger: new Ledger(central),
    login,
    cell,
    keys,
    name: newId(),
    sagas: workerSagas(config, { keys, migrations, newId, mailer, settle }),
    concurrency: config.concurrency,
    leaseMs: config.leaseSeconds * 1_000,
    ...options,
    onRun: (kind) => {
      if (kind === "create") stock.wake();
    },
  });
  const listener = new Listener(
    { ...target, applicationName: "cloison-worker-changes" },
    CHANNEL,
    {
      onConnected: () => worker.wake(),
      onNotification: () => {
        worker.wake();
        stock.wake();
      },
      onDisconnected: (error) => log.error("changes.disconnected", error),
    },
  );
  await listener.start();
  worker.start();
  stock.wake();
  const notes = openNotes(config, log);
  const clock = systemClock;
  const trail = new TrailKeeper({ login, clock, log, notes });
  const chores = new Chores(
    {
      login,
      cell,
      tokenSeconds: config.accessTokenSeconds,
      trail: { keepMonths: config.auditKeepMonths, notes },
      clock,
      log,
    },
    config.choreSeconds * 1_000,
  );
  return {
    stock,
    async close() {
      await listener.close();
      await Promise.all([worker.stop(), stock.stop(), chores.stop()]);
      // Last: what they did is on it.
      await trail.stop();
      await Promise.all([mailer.close(), central.close()]);
    },
  };
}

function unreachable({ host, port }: WorkerLogin, cause: DatabaseError): Error {
  return new Error(
    `Cannot reach the central database at ${host}:${port}: ${cause.message}`,
    { cause },
  );
}

interface SagaParts {
  readonly keys: KeyProvider;
  readonly migrations: readonly Migration[];
  readonly newId: NewId;
  readonly mailer: Mailer;
  readonly settle?: (() => Promise<void>) | undefined;
}

/** Everything that the worker of a cell, or its operator's commands, can do. */
export function workerSagas(
  config: Pick<
    WorkerConfig,
    | "admin"
    | "auditKeepMonths"
    | "backupDays"
    | "backups"
    | "cell"
    | "graceDays"
    | "mail"
    | "pooler"
  >,
  { settle, ...parts }: SagaParts,
): Saga[] {
  const { admin: login, cell, mail: { linkBase }, pooler } = config;
  const { keys, newId } = parts;
  const closing = { retention: config, newId };
  const backups = openBackups(config, keys);
  const hasher = new PasswordHasher();
  const console = pooler && consoleTarget(pooler);
  return [
    createSaga({ ...parts, login, cell, hasher, linkBase }),
    migrateSaga({ ...parts, login, console }),
    suspendSaga(),
    resumeSaga(),
    rotateSaga({
      login,
      keys,
      ...(console ? { console } : {}),
      ...(settle ? { settle } : {}),
    }),
    closeSaga(closing),
    purgeSaga({ ...closing, login, backups }),
    retentionSaga({ login, trailMonths: config.auditKeepMonths }),
  ];
}

/** Who signs where the trail's chains end, and where the notes go; nowhere without a key. */
function openNotes(
  { audit }: WorkerConfig,
  log: Logger,
): TrailKeeperOptions["notes"] {
  if (!audit) return undefined;
  return {
    signer: new NoteSigner(AUDIT_SIGNER, audit.key.reveal()),
    sink: openSink(audit.notes, log),
  };
}

function openSink(place: NotesPlace, log: Logger): CheckpointSink {
  switch (place.kind) {
    case "log":
      return new CheckpointLog((note) =>
        log.info("audit.checkpoint", { note })
      );
    case "folder":
      return new CheckpointFolder(place.folder, () => now().slice(0, 10));
    case "store":
      return new CheckpointStore({ ...place, now, newId: uuidv7 });
  }
}

function now(): string {
  return new Date(systemClock()).toISOString();
}

/** Undefined where nobody has said where to put them. */
export function openBackups(
  { backups }: Pick<WorkerConfig, "backups">,
  keys: KeyProvider,
): ClinicBackups | undefined {
  if (!backups) return undefined;
  const { folder, pgBin, tlsCaFile, login } = backups;
  return new ClinicBackups({
    store: new BackupStore(folder),
    programs: { pgBin, tlsCaFile },
    reader: login,
    keys,
  });
}

/** PgBouncer's console. */
function consoleTarget(pooler: WorkerLogin): ConnectionTarget {
  return {
    ...pooler,
    database: "pgbouncer",
    applicationName: "cloison-worker",
  };
}
