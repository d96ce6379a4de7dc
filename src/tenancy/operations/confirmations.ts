import { TokenError } from "../../crypto/errors.ts";
import { hashOpaqueToken, newOpaqueToken } from "../../crypto/opaque_token.ts";
import { type Sql, sql } from "../../db/sql.ts";
import { AppError } from "../../kernel/errors.ts";
import type { CentralAccess, OperationRequest } from "./operations.ts";

/** What would happen, and when. Instants are RFC 3339 in UTC. */
export interface ClosingPlan extends Retention {
  readonly clinicId: string;
  readonly name: string;
  /** Nobody can work in the clinic from here on; until `purgeAt` it can be opened again. */
  readonly closesAt: string;
  /** A last backup is made, then database, role and keys are gone. */
  readonly purgeAt: string;
  /** The backups are gone as well. */
  readonly backupsDeletedAt: string;
}

/** How long things are kept, in days. */
export interface Retention {
  readonly graceDays: number;
  readonly backupDays: number;
}

/** Thirty days to think better of it; a year in which what was lost by mistake can be fetched from a backup. */
export const RETENTION: Retention = { graceDays: 30, backupDays: 365 };

const CONFIRMATION_MINUTES = 10;

/**
 * When the backups of a clinic go: known as soon as its removal is. Of `clinics`, in a statement that has it; null while
 * nothing is to be removed.
 */
export const BACKUPS_DELETED_AT: Sql = sql`coalesce(
  (select max(delete_after) from clinic_backups
    where clinic_id = clinics.id and deleted_at is null),
  (select clinics.purge_at
      + make_interval(days => (operations.input ->> 'backupDays')::integer)
    from operations where clinic_id = clinics.id and kind = 'purge'
      and operations.state = 'waiting' and operations.input ->> 'what' = 'clinic'))`;

/** Says how long the clinics of a cell are kept; called by its worker, which does it. */
export async function declareRetention(
  central: CentralAccess,
  cell: string,
  { graceDays, backupDays }: Retention,
): Promise<void> {
  await central.execute(sql`
    update cells set grace_days = ${graceDays}::integer,
      backup_days = ${backupDays}::integer
    where name = ${cell} and (grace_days, backup_days)
      is distinct from (${graceDays}::integer, ${backupDays}::integer)`);
}

/**
 * @param graceDays those of the clinic's cell unless told
 * @throws {AppError} `not-found`
 */
export async function planClosing(
  central: CentralAccess,
  clinicId: string,
  graceDays?: number,
): Promise<ClosingPlan> {
  const [row] = await central.read<ClosingPlan>(sql`
    select clinics.id as "clinicId", clinics.name, now() as "closesAt",
      days.grace as "graceDays", cells.backup_days as "backupDays",
      now() + make_interval(days => days.grace) as "purgeAt",
      now() + make_interval(days => days.grace + cells.backup_days)
        as "backupsDeletedAt"
    from clinics join cells on cells.id = clinics.cell_id
      cross join lateral (
        select coalesce(${graceDays ?? null}::integer, cells.grace_days)
          as grace) as days
    where clinics.id = ${clinicId} and clinics.state <> 'closed'`);
  if (!row) throw new AppError("not-found", "There is no such clinic");
  return row;
}

/** For who has seen the dates: good for ten minutes, one closing of this clinic with these dates, and this user. */
export async function issueConfirmation(
  central: CentralAccess,
  clinicId: string,
  requestedBy: string,
  { graceDays, backupDays }: Retention,
): Promise<{ readonly token: string; readonly expiresAt: string }> {
  const { token, hash } = newOpaqueToken();
  const [row] = await central.execute<{ expires_at: string }>(sql`
    with expired as (
      delete from close_confirmations where expires_at <= now())
    insert into close_confirmations (hash, clinic_id, requested_by, expires_at,
      grace_days, backup_days)
    values (${hash}, ${clinicId}, ${requestedBy},
      now() + make_interval(mins => ${CONFIRMATION_MINUTES}),
      ${graceDays}, ${backupDays})
    returning expires_at`);
  return { token, expiresAt: row!.expires_at };
}

/**
 * Uses a confirmation up. @returns what was shown with it
 * @throws {AppError} `conflict` when it is none, or none any more
 */
export async function requireConfirmation(
  central: CentralAccess,
  { clinicId, requestedBy, confirmation }: OperationRequest,
): Promise<Retention> {
  const hash = confirmation === undefined ? undefined : hashOf(confirmation);
  const [shown] = hash === undefined
    ? []
    : await central.execute<Retention>(sql`
    delete from close_confirmations
    where hash = ${hash} and clinic_id = ${clinicId}
      and requested_by = ${requestedBy} and expires_at > now()
    returning grace_days as "graceDays", backup_days as "backupDays"`);
  if (shown) return shown;
  throw new AppError(
    "conflict",
    "Closing a clinic needs a confirmation: ask for the dates first, and send the token that comes with them",
  );
}

function hashOf(token: string): Uint8Array | undefined {
  try {
    return hashOpaqueToken(token);
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}
