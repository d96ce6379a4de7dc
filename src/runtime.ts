import { type AppDependencies, createApp } from "./app.ts";
import { KeptLines } from "./audit/kept_lines.ts";
import { ReadTrail } from "./audit/read_trail.ts";
import { RefusalTrail } from "./audit/refusal_trail.ts";
import { openClinicTrail } from "./audit/trail_reader.ts";
import { ExportMaker } from "./clinic/privacy/exports/making/maker.ts";
import type { Config } from "./config/config.ts";
import { PasswordHasher } from "./crypto/passwords.ts";
import { Pool } from "./db/pool.ts";
import { sql } from "./db/sql.ts";
import { EXPORT_PARTS } from "./export_parts.ts";
import {
  AccessTokens,
  type AccessTokensOptions,
} from "./http/access_tokens.ts";
import { ClientAddresses } from "./http/edge/client_address.ts";
import { Metrics } from "./http/edge/metrics.ts";
import { openRateLimits } from "./http/limits/open_rate_limits.ts";
import type { Clock } from "./kernel/clock.ts";
import type { NewId } from "./kernel/ids.ts";
import type { Logger } from "./kernel/log.ts";
import { openMail } from "./mail/open_mail.ts";
import { ClinicGate } from "./tenancy/clinic_gate.ts";
import {
  type BudgetShare,
  SettableShare,
} from "./tenancy/pools/budget_share.ts";
import { openCellKeys } from "./tenancy/directory/cell_keys.ts";
import { verifyCellKeys } from "./tenancy/directory/cell_probe.ts";
import {
  followChanges,
  staffChanged,
} from "./tenancy/directory/change_feed.ts";
import { ClinicDirectory } from "./tenancy/directory/clinic_directory.ts";
import { ClinicPools } from "./tenancy/pools/clinic_pools.ts";
import { ClinicRegistry } from "./tenancy/directory/clinic_registry.ts";
import { SealedClinics } from "./tenancy/directory/sealed_clinics.ts";
import { keepShares, type KeptShares } from "./tenancy/pools/kept_shares.ts";
import { openPlatform } from "./platform/open_platform.ts";
import { OutboxRelays } from "./tenancy/outbox_relays.ts";
import { StaffStates } from "./tenancy/staff_states.ts";

export interface RuntimeOptions {
  readonly log: Logger;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Backends that this process may hold; agreed with the other processes through the registry unless it is given. */
  readonly share?: BudgetShare;
  /** What opens the clinics' databases instead, on no shared budget: for the benchmark's other designs. */
  readonly pools?: ClinicPools;
  /** What keeps the trail of reads instead: for the benchmark, which prices it. */
  readonly trail?: ReadTrail;
  /** What verifies tokens instead: for tests that show what a weaker one would let through. */
  readonly tokens?: new (options: AccessTokensOptions) => AccessTokens;
}

/** A running API without its server: the parts that somebody may want to look at, and the way to end it. */
export interface Runtime {
  readonly app: ReturnType<typeof createApp>;
  readonly directory: ClinicDirectory;
  readonly pools: ClinicPools;
  readonly tokens: AccessTokens;
  readonly metrics: Metrics;
  /** `/readyz` answers 503 from now on, so that no more requests are sent here. */
  drain(): void;
  /** Ends everything, connections last. To be called when no request runs any more. */
  close(): Promise<void>;
}

const MAX_KNOWN_CLINICS = 10_000;

/**
 * Opens everything that the API stands on, and puts it together.
 * @throws {Error} with one clear line when the central database cannot be reached, or a cell's key is not the right one
 */
export async function openRuntime(
  config: Config,
  options: RuntimeOptions,
): Promise<Runtime> {
  const { log, clock, newId } = options;
  const central = new Pool(
    { ...config.central, applicationName: "cloison-api" },
    { maxConnections: 4, maxPipelined: 32, maxWaiting: 1_000 },
  );
  await requireCentral(central, config);
  const keys = openCellKeys(config.cellKeys);
  await verifyCellKeys(central, keys);

  let kept: KeptShares | undefined;
  const share = new SettableShare();
  const pools = options.pools ??
    new ClinicPools({ share: options.share ?? share });
  if (!options.pools && !options.share) {
    const names = [...config.cellKeys.keys()];
    kept = await keepShares({ central, share, pools, names, newId, log });
  }
  const directory = new ClinicDirectory({
    source: new SealedClinics(new ClinicRegistry(central), keys, log, {
      tlsCa: config.tlsCa,
    }),
    clock,
    maxEntries: MAX_KNOWN_CLINICS,
    outageMs: config.centralOutageSeconds * 1000,
    onChanged: (id) => pools.retire(id),
  });
  const staff = new StaffStates({
    pools,
    clock,
    tokenSeconds: config.accessTokenSeconds,
    maxEntries: MAX_KNOWN_CLINICS,
    announce: async (id) => void await central.read(staffChanged(id)),
    log,
  });
  const feed = followChanges(
    { ...config.centralDirect, applicationName: "cloison-api-changes" },
    { directory, staff },
    log,
  );
  await feed.start();
  const limits = openRateLimits({
    central,
    directory,
    rates: config.rates,
    clock,
    log,
  });
  const mail = openMail(config.mail, log);
  const refusals = new RefusalTrail({ central, clock, log });
  const tokens = new (options.tokens ?? AccessTokens)({
    directory,
    issuer: config.publicUrl,
    lifetimeSeconds: config.accessTokenSeconds,
    sessionSeconds: config.sessionSeconds,
    clock,
    newId,
  });
  const hasher = new PasswordHasher();
  const platform = await openPlatform(config, {
    central,
    hasher,
    limits,
    clock,
    newId,
    log,
  });
  const relays = new OutboxRelays({ pools, central, log });
  const keptLines = config.auditReads === "answer"
    ? new KeptLines(central, log)
    : undefined;
  const trail = options.trail ?? new ReadTrail(central, { kept: keptLines });
  const trailOf = (clinicId: string) => openClinicTrail(central, clinicId);
  const gate = new ClinicGate({ directory, pools, trail, relays, staff });
  const exports = new ExportMaker({
    gate,
    pools,
    relays,
    trailOf,
    parts: EXPORT_PARTS,
    log,
  });
  const metrics = new Metrics({ budgets: () => pools.counts });
  let draining = false;
  const dependencies: AppDependencies = {
    directory,
    pools,
    trail,
    relays,
    trailOf,
    gate,
    exports,
    refusals,
    staff,
    tokens,
    hasher,
    letters: mail.letters,
    metrics,
    health: {
      isReady: () => isReachable(central),
      get draining() {
        return draining;
      },
    },
    log,
    clock,
    newId,
    publicUrl: config.publicUrl,
    limits,
    time: {
      requestMilliseconds: config.requestSeconds * 1000,
      bodyMilliseconds: config.bodySeconds * 1000,
    },
    corsOrigins: config.corsOrigins,
    securityContact: config.securityContact,
    addresses: new ClientAddresses(config.trustedProxies),
    platform,
  };

  return {
    app: createApp(dependencies),
    directory,
    pools,
    tokens,
    metrics,
    drain() {
      draining = true;
    },
    async close() {
      await exports.close();
      await Promise.all([limits.close(), mail.queue.close(), feed.close()]);
      await Promise.all([refusals.close(), keptLines?.close()]);
      staff.close();
      await relays.close();
      await pools.close();
      // Only now: what is given back is gone.
      await kept?.release();
      await central.close();
    },
  };
}

async function requireCentral(central: Pool, config: Config): Promise<void> {
  try {
    await central.read(sql`select from clinics limit 1`);
  } catch (error) {
    const { host, port, database } = config.central;
    throw new Error(
      `Cannot reach the central database ${database} at ${host}:${port}: ${
        (error as Error).message
      }`,
      { cause: error },
    );
  }
}

async function isReachable(central: Pool): Promise<boolean> {
  try {
    await central.read(sql`select from cells limit 1`);
    return true;
  } catch {
    return false;
  }
}
