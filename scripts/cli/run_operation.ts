import { platformLine } from "../../src/audit/platform_line.ts";
import { AUDIT_KEEP_MONTHS } from "../../src/audit/trail_months.ts";
import { openMailer } from "../../src/mail/open_mail.ts";
import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import { sealSecret } from "../../src/crypto/seal.ts";
import { Connection } from "../../src/db/connection.ts";
import { Pool } from "../../src/db/pool.ts";
import type { AuditAction } from "../../src/kernel/audit_event.ts";
import { AppError } from "../../src/kernel/errors.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { createLogger } from "../../src/kernel/log.ts";
import type { Secret } from "../../src/kernel/secret.ts";
import { accessOf } from "../../src/platform/ledger.ts";
import { RETENTION } from "../../src/tenancy/operations/confirmations.ts";
import { Ledger } from "../../src/tenancy/operations/ledger.ts";
import {
  isOver,
  type Operation,
} from "../../src/tenancy/operations/operation.ts";
import {
  type OperationRequest,
  Operations,
} from "../../src/tenancy/operations/operations.ts";
import { operationPlace } from "../../src/tenancy/operations/operation_secret.ts";
import { runOperation } from "../../src/tenancy/operations/runner.ts";
import type { Saga } from "../../src/tenancy/operations/saga.ts";
import { CENTRAL_DATABASE } from "../../src/tenancy/provisioning/admin.ts";
import { workerSagas } from "../../src/worker_runtime.ts";
import { migrationsOf } from "../dev/central.ts";
import { stopSignal } from "../dev/stop_signal.ts";
import { Interrupted } from "./interrupted.ts";
import type { Operator } from "./operator.ts";
import { openProgress } from "./progress.ts";

const LEASE_MS = 30_000;
const POLL_MS = 100;
const MAX_ATTEMPTS = 5;
const NO_WORKER_MS = 20_000;

/** The ledger in the operator's hands, who may also run what stands in it. */
export interface OpenLedger extends AsyncDisposable {
  readonly operations: Operations;
  readonly central: Pool;
}

export function openLedger({ login }: Operator): OpenLedger {
  const central = new Pool({
    ...login,
    database: CENTRAL_DATABASE,
    applicationName: "cloison-operator",
  }, { maxConnections: 2, maxPipelined: 16, maxWaiting: 100 });
  return {
    central,
    operations: new Operations(central, uuidv7),
    [Symbol.asyncDispose]: () => central.close(),
  };
}

/** What the operator's commands can ask for. */
type Asked = "close" | "create" | "resume" | "rotate" | "suspend";

export interface RunOptions {
  /** Sealed into the operation until it is over. */
  readonly secret?: Secret;
  /** Shows no progress. */
  readonly quiet: boolean;
}

/**
 * Asks for an operation and runs it here, so that it needs no worker. If this process is ended, a worker goes on where it
 * stopped.
 * @returns the operation when it is over
 * @throws {Interrupted} after the step that was under way when the person took it back
 */
export async function runHere(
  operator: Operator,
  ledger: OpenLedger,
  request: Omit<OperationRequest, "requestedBy"> & { readonly kind: Asked },
  options: RunOptions,
): Promise<Operation> {
  const id = uuidv7();
  const keys = new LocalKeyProvider(operator.keys);
  const { secret } = options;
  const sealed = secret && await sealSecret(
    keys,
    operationPlace(id),
    new TextEncoder().encode(secret.reveal()),
  );
  const asked = await changeLedger(
    ledger,
    `clinic.request-${request.kind}`,
    (operations) =>
      operations.request(
        { ...request, requestedBy: null },
        { id, reservedMs: LEASE_MS, secret: sealed },
      ),
  );
  return await goOn(operator, ledger, asked, options);
}

/**
 * Asks for an operation and waits until a worker has done it.
 * @throws {AppError} `service-unavailable` when none begins; the operation stays
 */
export async function runByWorker(
  ledger: OpenLedger,
  request: Omit<OperationRequest, "requestedBy"> & { readonly kind: Asked },
): Promise<Operation> {
  const asked = await changeLedger(
    ledger,
    `clinic.request-${request.kind}`,
    (operations) => operations.request({ ...request, requestedBy: null }),
  );
  const stopping = stopSignal({ orphaned: false });
  for (let now = asked;;) {
    if (isOver(now)) return now;
    if (stopping.aborted) throw new Interrupted(now);
    requireWorker(now);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    now = (await ledger.operations.get(now.id))!;
  }
}

/** What is asked for and its line of the trail are stored together. */
export function changeLedger(
  { central }: OpenLedger,
  action: AuditAction,
  fn: (operations: Operations) => Promise<Operation>,
): Promise<Operation> {
  return central.transaction("read write", async (run) => {
    const operation = await fn(new Operations(accessOf(run), uuidv7));
    const { id: entityId, clinicId } = operation;
    await run.rows(platformLine(undefined, {}, {
      action,
      entityId,
      ...(clinicId === null ? {} : { clinicId }),
    }));
    return operation;
  });
}

/** Runs an operation to its end, or watches whoever does. */
async function goOn(
  operator: Operator,
  { central, operations }: OpenLedger,
  asked: Operation,
  { quiet }: RunOptions,
): Promise<Operation> {
  const saga = (await sagasOf(operator))
    .find(({ kind }) => kind === asked.kind)!;
  const rows = new Ledger(central);
  const holder = `operator/${uuidv7()}`;
  const stopping = stopSignal({ orphaned: false });
  for (let now: Operation = asked;;) {
    if (isOver(now)) return now;
    if (stopping.aborted) throw new Interrupted(now);
    const due = Date.parse(now.nextAttemptAt) <= Date.now();
    const claimed = now.state === "queued" && (due || now === asked)
      ? await rows.claimOne(now.id, { holder, leaseMs: LEASE_MS })
      : undefined;
    if (claimed) {
      await runClaimed(operator, rows, claimed, { saga, quiet, stopping });
    } else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    now = (await operations.get(now.id))!;
  }
}

/** @throws {AppError} when nobody begins with it */
function requireWorker({ id, startedAt, createdAt }: Operation): void {
  const waited = Date.now() - Date.parse(createdAt);
  if (startedAt !== null || waited < NO_WORKER_MS) return;
  throw new AppError(
    "service-unavailable",
    `No worker has begun operation ${id}, which waits for one: is it running? To take it back: cloison operations cancel ${id}`,
  );
}

async function runClaimed(
  operator: Operator,
  ledger: Ledger,
  claimed: NonNullable<Awaited<ReturnType<Ledger["claimOne"]>>>,
  { saga, quiet, stopping }: {
    readonly saga: Saga;
    readonly quiet: boolean;
    readonly stopping: AbortSignal;
  },
): Promise<void> {
  const names = saga.steps(claimed).map(({ name }) => name);
  const progress = openProgress({
    quiet: quiet || !Deno.stderr.isTerminal(),
  });
  const central = await Connection.open({
    ...operator.login,
    database: CENTRAL_DATABASE,
    applicationName: "cloison-operator",
  });
  try {
    await runOperation(claimed, saga, central, {
      ledger,
      keys: new LocalKeyProvider(operator.keys),
      // What went wrong stands in the ledger, and is shown from there.
      log: createLogger({ write: () => {}, clock: Date.now }),
      leaseMs: LEASE_MS,
      maxAttempts: MAX_ATTEMPTS,
      stopping,
      atBoundary: (step, moment) => {
        if (moment === "after") {
          // Behind it, whatever was skipped on the way.
          const done = names.indexOf(step) + 1;
          const total = names.length;
          progress.step({ done, failed: 0, total, line: step });
        }
        return Promise.resolve();
      },
    });
  } finally {
    progress.end();
    await central.close();
  }
}

/** Without mail: whoever is to be invited is invited by a worker. */
async function sagasOf(operator: Operator): Promise<Saga[]> {
  const { login, cell, console } = operator;
  const delivery = { kind: "none" } as const;
  return workerSagas({
    ...RETENTION,
    auditKeepMonths: AUDIT_KEEP_MONTHS,
    admin: { ...login, tlsCa: login.tlsCa },
    cell,
    pooler: console && { ...console, tlsCa: console.tlsCa },
    mail: { delivery, linkBase: "" },
    backups: undefined,
  }, {
    keys: new LocalKeyProvider(operator.keys),
    migrations: await migrationsOf("clinic"),
    newId: uuidv7,
    mailer: openMailer({ delivery }),
  });
}
