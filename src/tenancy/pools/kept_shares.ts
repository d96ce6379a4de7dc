import type { Pool } from "../../db/pool.ts";
import { sql } from "../../db/sql.ts";
import type { CellId, NewId } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/log.ts";
import type { SettableShare } from "./budget_share.ts";
import type { ClinicPools } from "./clinic_pools.ts";
import { CentralShareStore, ShareKeeper } from "./share_keeper.ts";

export interface KeptSharesOptions {
  readonly central: Pool;
  readonly share: SettableShare;
  readonly pools: ClinicPools;
  /** Names of the cells that this process serves. */
  readonly names: readonly string[];
  readonly newId: NewId;
  readonly log: Logger;
}

export interface KeptShares {
  /** Gives the shares to the other processes at once. To be called when all pools are closed. */
  release(): Promise<void>;
}

const BEAT_MS = 1_000;

/**
 * Agrees with the other processes, once a second, on which part of each cell's backends this one may hold.
 * @throws {DatabaseError} when the first agreement cannot be reached
 */
export async function keepShares(
  options: KeptSharesOptions,
): Promise<KeptShares> {
  const { central, share, pools, names, newId, log } = options;
  const rows = await central.read<{ id: CellId; name: string }>(
    sql`select id, name from cells`,
  );
  const cells = rows.filter(({ name }) => names.includes(name))
    .map(({ id }) => id);
  const keeper = new ShareKeeper({
    process: newId(),
    cells,
    store: new CentralShareStore(central),
    share,
    used: (cell) => pools.counts.get(cell)?.used ?? 0,
    now: () => performance.now(),
  });
  await keeper.beat();

  let stopped = false;
  let beating: Promise<void> = Promise.resolve();
  let timer = setTimeout(beat, BEAT_MS);
  function beat(): void {
    beating = keeper.beat()
      .catch((error) => log.error("shares.not_agreed", error))
      .then(() => {
        if (!stopped) timer = setTimeout(beat, BEAT_MS);
      });
  }
  return {
    async release() {
      stopped = true;
      clearTimeout(timer);
      await beating;
      await keeper.release().catch((error) =>
        log.error("shares.not_released", error)
      );
    },
  };
}
