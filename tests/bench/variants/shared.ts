import { Pool } from "../../../src/db/pool.ts";
import type { Runtime } from "../../../src/runtime.ts";
import type { Clinic } from "../../../src/tenancy/clinic.ts";
import type { ClinicPools } from "../../../src/tenancy/pools/clinic_pools.ts";
import { serve } from "./runtime.ts";
import { SharedDatabase } from "./shared_database.ts";

/** As many backends as PgBouncer gives one database. */
const LIMITS = { maxConnections: 4, maxPipelined: 32, maxWaiting: 1_000 };

const host = Deno.env.get("CLOISON_BENCH_SHARED");
if (!host) throw new Error("Cannot serve: CLOISON_BENCH_SHARED is missing");

const { promise: runtime, resolve } = Promise.withResolvers<Runtime>();
let opening: Promise<SharedDatabase> | undefined;

async function open(): Promise<SharedDatabase> {
  const clinic = await (await runtime).directory.byId(host!);
  if (!clinic) throw new Error("Cannot serve: there is no such clinic");
  return new SharedDatabase(new Pool(clinic.target, LIMITS));
}

/** One database holds the rows of all clinics, and one pool opens it. */
const pools = {
  use: async <T>(clinic: Clinic, fn: (pool: Pool) => Promise<T>) => {
    opening ??= open();
    return await fn((await opening).of(clinic.id));
  },
  retire: () => {},
};

resolve(await serve({ pools: pools as unknown as ClinicPools }));
