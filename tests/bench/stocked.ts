import { createLogger } from "../../src/kernel/log.ts";
import { migrationsOf } from "../../scripts/dev/central.ts";
import { CELL } from "../../scripts/dev/paths.ts";
import { Connection } from "../../src/db/connection.ts";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import { type ClinicId, uuidv7 } from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { isOver } from "../../src/tenancy/operations/operation.ts";
import { Operations } from "../../src/tenancy/operations/operations.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { openWorker, type WorkerRuntime } from "../../src/worker_runtime.ts";
import type { BenchStack } from "./bench_stack.ts";
import { readClinic } from "./fleet.ts";

const CLINICS = 20;
const KEPT = 5;
const POLL_MS = 2;

/**
 * From the moment that the API asks for a clinic until its own role reads its own database, with a worker that takes it
 * out of the stock and fills it up behind. In milliseconds, one for each clinic.
 */
export async function timeStocked(
  servers: BenchStack,
  signal: AbortSignal,
): Promise<number[]> {
  const { login, stack, apiPassword } = servers;
  const api = new Pool({
    ...stack.pooler,
    database: CENTRAL_DATABASE,
    user: stack.credentials.api.user,
    password: new Secret(await Deno.readTextFile(apiPassword)),
    applicationName: "bench-stock",
  }, { maxConnections: 2, maxPipelined: 16, maxWaiting: 100 });
  const worker = await startWorker(servers);
  try {
    return await withDatabase(login, CENTRAL_DATABASE, async (central) => {
      await central.rows(sql`
        update cells set keep_ready = ${KEPT} where name = ${CELL}`);
      const times: number[] = [];
      while (times.length < CLINICS) {
        signal.throwIfAborted();
        await untilFull(central, signal);
        times.push(await timeOne(servers, api, central));
      }
      return times;
    });
  } finally {
    await worker.close();
    await api.close();
  }
}

async function startWorker(
  { login, keyFile, dir }: BenchStack,
): Promise<WorkerRuntime> {
  return await openWorker({
    admin: { ...login, tlsCa: login.tlsCa },
    cell: CELL,
    keys: new Map([[CELL, {
      kind: "local",
      variable: "CLOISON_KEY_LOCAL",
      keys: new Secret(await Deno.readTextFile(keyFile)),
    }]]),
    pooler: undefined,
    mail: {
      delivery: { kind: "outbox", folder: `${dir}/outbox` },
      linkBase: "http://app.example",
    },
    backups: undefined,
    concurrency: 4,
    leaseSeconds: 30,
    graceDays: 30,
    backupDays: 365,
    accessTokenSeconds: 600,
    choreSeconds: 3_600,
    audit: undefined,
    auditKeepMonths: 120,
  }, {
    log: createLogger({ write: () => {}, clock: Date.now }),
    newId: uuidv7,
    migrations: await migrationsOf("clinic"),
  });
}

async function untilFull(
  central: Connection,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const [row] = await central.rows<{ ready: number }>(sql`
      select count(*)::integer as ready from clinic_stock where state = 'ready'`);
    if (row!.ready >= KEPT) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function timeOne(
  servers: BenchStack,
  api: Pool,
  central: Connection,
): Promise<number> {
  const operations = new Operations(api, uuidv7);
  const slug = `stocked-${crypto.randomUUID().slice(0, 13)}`;
  const started = performance.now();
  let operation = await operations.request({
    kind: "create",
    clinicId: null,
    input: {
      slug,
      name: slug,
      email: `${slug}@clinic.example`,
      phone: null,
      admin: {
        email: "admin@clinic.example",
        givenNames: "Ada",
        familyName: "Bench",
      },
    },
    requestedBy: null,
  });
  while (!isOver(operation)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    operation = (await operations.get(operation.id))!;
  }
  const { state, clinicId, steps } = operation;
  if (state !== "succeeded" || steps.every((step) => step.state === "done")) {
    throw new Error(`Cannot measure: a clinic of the stock is ${state}`);
  }
  const id = clinicId as ClinicId;
  const { target } = await readClinic(servers, central, id);
  const connection = await Connection.open({
    ...servers.stack.pooler,
    ...target,
    applicationName: "bench-stock",
  });
  await connection.rows(sql`select count(*) from staff`);
  const milliseconds = performance.now() - started;
  await connection.close();
  return milliseconds;
}
