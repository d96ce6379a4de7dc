import type { Pool } from "../../db/pool.ts";
import { Sql, sql } from "../../db/sql.ts";

/** What was counted here and not yet told. */
export interface Increment {
  readonly key: string;
  readonly points: number;
  readonly milliseconds: number;
}

export interface SharedCount {
  readonly key: string;
  /** Of all processes, in the window that runs. */
  readonly points: number;
  /** Until the window ends. */
  readonly milliseconds: number;
}

/** The counters in the central database that all API processes share. */
export class RateStore {
  readonly #central: Pick<Pool, "execute">;

  constructor(central: Pick<Pool, "execute">) {
    this.#central = central;
  }

  /** Adds to many counters in one statement. Sorted, so that two processes never wait for each other in a circle. */
  add(increments: readonly Increment[]): Promise<SharedCount[]> {
    return this.#central.execute(sql`
      with clock as (
        select (extract(epoch from clock_timestamp()) * 1000)::bigint as now)
      insert into rate_limits as shared (key, points, expire)
      select key, points, now + milliseconds
      from jsonb_to_recordset(${increments}::jsonb)
        as line (key text, points integer, milliseconds bigint), clock
      order by key
      on conflict (key) do update set
        points = case when shared.expire <= (select now from clock)
          then excluded.points else shared.points + excluded.points end,
        expire = case when shared.expire <= (select now from clock)
          then excluded.expire else shared.expire end
      returning key, points,
        (expire - (select now from clock))::integer as milliseconds`);
  }

  /** Forgets windows that have ended. */
  async purge(): Promise<void> {
    await this.#central.execute(sql`delete from rate_limits
      where expire < (extract(epoch from clock_timestamp()) * 1000)::bigint`);
  }

  /** As the client of the `pg` package that rate-limiter-flexible was written for. */
  async query(
    { text, values }: { text: string; values: readonly unknown[] },
  ): Promise<{ rows: unknown[]; rowCount: number }> {
    const rows = await this.#central.execute(numbered(text, values));
    return { rows, rowCount: rows.length };
  }
}

/** `$1`…`$n` in any order, and more than once, as a statement of this program. */
function numbered(text: string, values: readonly unknown[]): Sql {
  const parts = text.split(/\$(\d+)/);
  return new Sql(
    parts.filter((_, index) => index % 2 === 0),
    parts.filter((_, index) => index % 2 === 1)
      .map((number) => values[Number(number) - 1]),
  );
}
