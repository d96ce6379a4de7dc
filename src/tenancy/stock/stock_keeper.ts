import type { KeyProvider } from "../../crypto/key_provider.ts";
import type { Connection } from "../../db/connection.ts";
import { type Migration, migrationsHash } from "../../db/migrations.ts";
import { sql } from "../../db/sql.ts";
import {
  clinicDatabaseName,
  type ClinicId,
  type NewId,
} from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/log.ts";
import { Secret } from "../../kernel/secret.ts";
import { openSecret } from "../../crypto/seal.ts";
import type { CentralAccess } from "../operations/operations.ts";
import { ensureCellProbe } from "../directory/cell_probe.ts";
import { secretPurpose } from "../directory/clinic_secrets.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  withDatabase,
} from "../provisioning/admin.ts";
import {
  copyTemplate,
  dropDatabase,
  ensureRole,
  openToOwnRole,
} from "../provisioning/clinic_database.ts";
import { makeSecrets } from "../provisioning/new_secrets.ts";
import { ensureTemplate } from "../provisioning/template.ts";
import { Quiet } from "./quiet.ts";

export interface StockKeeperOptions {
  /** For a look at what there is. */
  readonly central: Pick<CentralAccess, "read">;
  readonly login: AdminLogin;
  readonly cell: string;
  readonly keys: KeyProvider;
  readonly migrations: readonly Migration[];
  readonly newId: NewId;
  readonly log: Logger;
}

interface StockRow {
  readonly clinic_id: ClinicId;
  readonly migrations_hash: string;
  readonly state: "preparing" | "ready";
  readonly key_id: string | null;
}

/**
 * Keeps as many databases ready in a cell as `cells.keep_ready` says: copied, with their role, rights and secrets. Any
 * number of workers may have one: they take turns.
 */
export class StockKeeper {
  readonly #options: StockKeeperOptions;
  readonly #hash: string;
  readonly #quiet = new Quiet();
  #filling: Promise<void> | undefined;
  #again = false;
  #looked = false;
  #stopped = false;

  constructor(options: StockKeeperOptions) {
    this.#options = options;
    this.#hash = migrationsHash(options.migrations);
  }

  /** Something may have been taken: it is filled up when that clinic has been made. Returns at once. */
  wake(): void {
    this.#quiet.disturb();
    this.#again = true;
    this.#start();
  }

  /** Settles when the database that is being made is made. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#quiet.end();
    await this.#filling;
  }

  #start(): void {
    if (this.#stopped) return;
    this.#filling ??= this.#fillQuietly().finally(() => {
      this.#filling = undefined;
      if (this.#again) this.#start();
    });
  }

  async #fillQuietly(): Promise<void> {
    await this.#quiet.wait();
    this.#again = false;
    if (this.#stopped) return;
    try {
      await this.fill();
    } catch (error) {
      this.#options.log.error("stock.not_filled", error);
    }
  }

  /** Finishes what was interrupted, removes what nobody should get any more, and makes what is missing. */
  async fill(): Promise<void> {
    const { login, cell } = this.#options;
    // The first time, also for what older keys have sealed.
    if (this.#looked && !await this.#isNeeded()) return;
    await withDatabase(login, CENTRAL_DATABASE, async (central) => {
      // Held by the session; another worker that fills is as good as this one.
      const [lock] = await central.rows<{ held: boolean }>(sql`
        select pg_try_advisory_lock(hashtextextended('stock/' || ${cell}, 0)) as held`);
      if (!lock?.held) return;
      await this.#discard(central);
      this.#looked = true;
      for (;;) {
        const missing = await this.#missing(central);
        if (missing === undefined) return;
        await this.#quiet.wait();
        if (this.#stopped) return;
        await this.#make(central, missing);
      }
    });
  }

  async #isNeeded(): Promise<boolean> {
    const { central, cell } = this.#options;
    const [row] = await central.read<{ needed: boolean }>(sql`
      select count(*) filter (where stock.state = 'ready'
          and stock.migrations_hash = ${this.#hash}) < cells.keep_ready
        or count(*) filter (where stock.state = 'preparing'
          or stock.state = 'ready' and stock.migrations_hash <> ${this.#hash}) > 0 as needed
      from cells left join clinic_stock as stock on stock.cell_id = cells.id
      where cells.name = ${cell} group by cells.id`);
    return row?.needed === true;
  }

  /** Those of older templates or keys: a clinic should not have to wait for its migrations. */
  async #discard(central: Connection): Promise<void> {
    const { cell, keys } = this.#options;
    const rows = await central.rows<StockRow>(sql`
      select stock.clinic_id, migrations_hash, stock.state,
        (select key_id from clinic_stock_secrets as secret
          where secret.clinic_id = stock.clinic_id limit 1) as key_id
      from clinic_stock as stock join cells on cells.id = stock.cell_id
      where cells.name = ${cell} and stock.state <> 'taken'`);
    const { keyId } = await keys.wrap(new Uint8Array(32), new Uint8Array());
    for (const row of rows) {
      const current = row.migrations_hash === this.#hash &&
        row.key_id === keyId;
      if (current) continue;
      const [mine] = await central.rows(sql`
        update clinic_stock set state = 'preparing'
        where clinic_id = ${row.clinic_id} and state <> 'taken'
        returning clinic_id`);
      if (!mine) continue;
      await dropDatabase(central, clinicDatabaseName(row.clinic_id));
      await central.rows(
        sql`delete from clinic_stock where clinic_id = ${row.clinic_id}`,
      );
    }
  }

  /** The id to make a database for: one that was begun, or a new one; undefined when there are enough. */
  async #missing(central: Connection): Promise<ClinicId | undefined> {
    const [row] = await central.rows<{ begun: ClinicId; few: boolean }>(sql`
      select cells.keep_ready > count(*) filter (where stock.state = 'ready') as few,
        min(stock.clinic_id::text) filter (where stock.state = 'preparing') as begun
      from cells left join clinic_stock as stock
        on stock.cell_id = cells.id
      where cells.name = ${this.#options.cell} group by cells.id`);
    if (row?.begun) return row.begun;
    return row?.few ? await this.#begin(central) : undefined;
  }

  async #begin(central: Connection): Promise<ClinicId> {
    const { cell, keys, newId, migrations } = this.#options;
    await ensureCellProbe(central, cell, keys);
    const id = newId() as ClinicId;
    const secrets = await makeSecrets(keys, id);
    await central.transaction("read write", async (run) => {
      await run.rows(sql`
        insert into clinic_stock (clinic_id, cell_id, migrations_hash,
          schema_version, public_jwk)
        select ${id}, id, ${this.#hash}, ${migrations.length},
          ${secrets.publicJwk}
        from cells where name = ${cell}`);
      for (const { purpose, number, keyId, sealed } of secrets.rows) {
        await run.rows(sql`
          insert into clinic_stock_secrets (clinic_id, purpose, number, key_id, sealed)
          values (${id}, ${purpose}, ${number}, ${keyId}, ${sealed})`);
      }
    });
    return id;
  }

  async #make(central: Connection, id: ClinicId): Promise<void> {
    const { login, migrations, log } = this.#options;
    const database = clinicDatabaseName(id);
    const template = await ensureTemplate(login, central, migrations);
    await ensureRole(central, database, await this.#password(central, id));
    await copyTemplate(central, database, template);
    await openToOwnRole(login, central, database);
    await central.rows(sql`
      update clinic_stock set state = 'ready'
      where clinic_id = ${id} and state = 'preparing'`);
    log.info("stock.added", { clinicId: id });
  }

  async #password(central: Connection, id: ClinicId): Promise<Secret> {
    const purpose = "database-password";
    const [row] = await central.rows<
      { number: number; key_id: string; sealed: Uint8Array }
    >(sql`
      select number, key_id, sealed from clinic_stock_secrets
      where clinic_id = ${id} and purpose = ${purpose}`);
    const bytes = await openSecret(
      this.#options.keys,
      { clinicId: id, purpose: secretPurpose(purpose, row!.number) },
      { keyId: row!.key_id, sealed: row!.sealed },
    );
    return new Secret(new TextDecoder().decode(bytes));
  }
}
