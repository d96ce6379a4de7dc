import type { Runner } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";
import type { NewId } from "../../kernel/ids.ts";
import type { Operation } from "./operation.ts";

/** A request has seconds to be answered in; whoever has more clinics asks again. */
export const MOST_AT_ONCE = 1_000;

/**
 * Of the clinics that were asked for together, this share may fail before no other is begun: what `cloison migrate` stops
 * at unless told.
 */
const MAY_FAIL = 0.05;

export interface MigrationsWanted {
  /** Schema that they are to have. */
  readonly target: number;
  /** Null for all clinics. */
  readonly clinicIds: readonly string[] | null;
  /** At most so many, the youngest clinics first. */
  readonly most: number;
  readonly requestedBy: string;
}

export interface MigrationsAsked {
  readonly operations: readonly {
    readonly id: string;
    readonly clinicId: string;
  }[];
  /** Clinics that are behind and for which none was asked for. */
  readonly left: number;
}

/**
 * Asks for the migration of every clinic that is behind, may be migrated and has no other operation: what
 * `Operations.request` does for one, in two statements for all of them. To be called in a transaction.
 */
export async function requestMigrations(
  run: Pick<Runner, "rows">,
  { target, clinicIds, most, requestedBy }: MigrationsWanted,
  newId: NewId,
): Promise<MigrationsAsked> {
  const behind = sql`schema_version < ${target}::integer
    and state not in ('provisioning', 'moving', 'closed')
    and (${clinicIds}::uuid[] is null or id = any (${clinicIds}::uuid[]))`;
  // Locked: what may be done in their state now is what the ledger's own rule will find.
  const chosen = await run.rows<{ id: string }>(sql`select id from clinics
    where ${behind} and 'migrate' = any (allowed_operations(state))
      and not exists (select from operations
        where clinic_id = clinics.id and operations.state in ('queued', 'running'))
    order by id desc limit ${Math.min(most, MOST_AT_ONCE)}::integer
    for share`);
  const ids = chosen.map(({ id }) => id);
  const together = { request: newId(), clinics: ids.length };
  const operations = await run.rows<MigrationsAsked["operations"][number]>(sql`
    insert into operations (id, kind, clinic_id, input, requested_by)
    select operation_id, 'migrate', clinic_id, ${{ together }}::jsonb,
      ${requestedBy}::uuid
    from unnest(${ids.map(() => newId())}::uuid[], ${ids}::uuid[])
      as wanted (operation_id, clinic_id)
    on conflict (clinic_id) where state in ('queued', 'running') do nothing
    returning id, clinic_id as "clinicId"`);
  const [all] = await run.rows<{ count: number }>(sql`
    select count(*)::integer as count from clinics where ${behind}`);
  return { operations, left: all!.count - operations.length };
}

/**
 * Whether too many of the clinics that were asked for together have failed for this one to be begun. One that was begun
 * before goes on: somebody has said so.
 */
export async function isHalted(
  run: Pick<Runner, "rows">,
  { input, steps }: Operation,
): Promise<boolean> {
  const { together } = input as {
    together?: { readonly request: string; readonly clinics: number };
  };
  if (!together || steps.length > 0) return false;
  const [failed] = await run.rows<{ count: number }>(sql`
    select count(*)::integer as count from operations
    where state = 'failed' and kind = 'migrate'
      and input -> 'together' ->> 'request' = ${together.request}`);
  return failed!.count > Math.floor(together.clinics * MAY_FAIL);
}
