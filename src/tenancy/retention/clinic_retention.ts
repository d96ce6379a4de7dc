import type { Connection } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";
import { clinicDatabaseName } from "../../kernel/ids.ts";
import {
  clinicOf,
  type Saga,
  type Step,
  type StepContext,
} from "../operations/saga.ts";
import { type AdminLogin, withDatabase } from "../provisioning/admin.ts";
import { CATEGORIES, type Category } from "./categories.ts";

export interface DueOfCategory {
  readonly category: Category;
  /** How many; persons, not files, where it is about patients. */
  readonly due: number;
  /** Since when the first of them could have been removed: `YYYY-MM-DD`; null when none is due. */
  readonly since: string | null;
}

/** What a clinic has kept long enough; asks and changes nothing. */
export async function dueInClinic(
  login: AdminLogin,
  database: string,
  trailMonths: number,
): Promise<DueOfCategory[]> {
  return await withDatabase(login, database, async (clinic) => {
    await clinic.script("set role cloison_owner");
    const rows = await clinic.rows<
      { category: Category; due: string; since: string | null }
    >(sql`select category, due, since
      from retention_due(${trailMonths}::integer)`);
    return rows.map((row) => ({ ...row, due: Number(row.due) }));
  });
}

export interface RetentionOptions {
  readonly login: AdminLogin;
  /** For how many months the trail is kept, and the events that it was made of. */
  readonly trailMonths: number;
}

/** Rows, invoices or persons in one transaction: the clinic's people wait for one that touches their files. */
const BATCHES: Readonly<Record<Category, number>> = {
  sessions: 5_000,
  links: 5_000,
  "repeated-answers": 5_000,
  events: 5_000,
  invoices: 50,
  "patients-without-activity": 50,
  "patient-files": 20,
};

/** Removes from a clinic what has been kept long enough, a step for each category, each batch with its line on the trail. */
export function retentionSaga(
  { login, trailMonths }: RetentionOptions,
): Saga {
  return {
    kind: "retention",
    steps: () =>
      CATEGORIES.map((category): Step => ({
        name: category,
        run: (context) => remove(context, category),
      })),
  };

  async function remove(
    context: StepContext,
    category: Category,
  ): Promise<void | "skipped"> {
    const database = clinicDatabaseName(clinicOf(context));
    const removed = await withDatabase(login, database, async (clinic) => {
      await clinic.script("set role cloison_owner");
      let total = 0;
      for (;;) {
        const gone = await removeBatch(clinic, context, category);
        if (gone === 0) return total;
        total += gone;
      }
    });
    if (removed === 0) return "skipped";
    context.result({ [category]: removed });
  }

  function removeBatch(
    clinic: Connection,
    { operation, signal }: StepContext,
    category: Category,
  ): Promise<number> {
    signal.throwIfAborted();
    return clinic.transaction("read write", async (run) => {
      // Whoever works in the clinic waits behind this for so long at most.
      await run.rows(sql`set local lock_timeout = '2s'`);
      const [row] = await run.rows<{ removed: string }>(sql`
        select remove_due(${category}, ${operation.id},
          ${trailMonths}::integer, ${BATCHES[category]}::integer) as removed`);
      return Number(row!.removed);
    });
  }
}
