import { DatabaseError } from "../../db/errors.ts";
import { sql } from "../../db/sql.ts";
import type { AuditAction, PlatformEvent } from "../../kernel/audit_event.ts";
import { AppError } from "../../kernel/errors.ts";
import {
  requireTransition,
  type Transitions,
} from "../../kernel/transitions.ts";
import {
  type Breach,
  type BreachState,
  findBreach,
  insertBreach,
  knownClinics,
  lockState,
  type NewBreach,
  type Run,
} from "./queries.ts";

/** One that needs no notification is closed with the reason why. */
const TRANSITIONS: Transitions<BreachState> = {
  open: ["notified"],
  notified: ["closed"],
  closed: [],
};

export interface Notification {
  readonly cnilReference: string;
  /** Now unless told. */
  readonly notifiedAt?: string | undefined;
  readonly informedAt?: string | undefined;
}

export interface Closing {
  readonly informedAt?: string | undefined;
  readonly notNotifiedBecause?: string | undefined;
}

/** @throws {AppError} `invalid-request` for a clinic that is not there, or an instant that is still to come */
export async function openBreach(run: Run, wanted: NewBreach): Promise<Breach> {
  const clinicIds = [...new Set(wanted.clinicIds)];
  const known = await knownClinics(run, clinicIds);
  const unknown = wanted.clinicIds.findIndex((id) => !known.has(id));
  if (unknown >= 0) {
    throw wrong(`clinicIds/${unknown}`, "unknown", "is no clinic");
  }
  await change(() => insertBreach(run, { ...wanted, clinicIds }));
  return await read(run, wanted.id);
}

/** @throws {AppError} `not-found`; `invalid-transition`; `invalid-request` for an instant that cannot be */
export async function notifyBreach(
  run: Run,
  id: string,
  { cnilReference, notifiedAt, informedAt }: Notification,
  changedBy: string | null,
): Promise<Breach> {
  requireTransition(TRANSITIONS, await requireState(run, id), "notified");
  await change(() =>
    run.rows(sql`update breaches set state = 'notified',
      cnil_reference = ${cnilReference},
      notified_at = coalesce(${notifiedAt ?? null}::timestamptz, now()),
      informed_at = ${informedAt ?? null}, changed_by = ${changedBy}
      where id = ${id}`)
  );
  return await read(run, id);
}

/** @throws {AppError} `not-found`; `invalid-transition`; `invalid-request` for what cannot be */
export async function closeBreach(
  run: Run,
  id: string,
  { informedAt, notNotifiedBecause }: Closing,
  changedBy: string | null,
): Promise<Breach> {
  const state = await requireState(run, id);
  if (state !== "open" || notNotifiedBecause === undefined) {
    requireTransition(TRANSITIONS, state, "closed");
  }
  if (state === "notified" && notNotifiedBecause !== undefined) {
    throw wrong("notNotifiedBecause", "notified", "cannot be: it was notified");
  }
  await change(() =>
    run.rows(sql`update breaches set state = 'closed', closed_at = now(),
      informed_at = coalesce(${informedAt ?? null}::timestamptz, informed_at),
      not_notified_because = ${notNotifiedBecause ?? null},
      changed_by = ${changedBy}
      where id = ${id}`)
  );
  return await read(run, id);
}

/** What the trail says of a change: in the chain of every clinic that is concerned, or in the platform's. */
export function eventsOf(
  action: Extract<AuditAction, `breach.${string}`>,
  { id, clinicIds }: Breach,
): PlatformEvent[] {
  if (clinicIds.length === 0) return [{ action, entityId: id }];
  return clinicIds.map((clinicId) => ({ action, entityId: id, clinicId }));
}

export function noSuchBreach(): AppError {
  return new AppError("not-found", "There is no such breach");
}

async function requireState(run: Run, id: string): Promise<BreachState> {
  const state = await lockState(run, id);
  if (state) return state;
  throw noSuchBreach();
}

async function read(run: Run, id: string): Promise<Breach> {
  return (await findBreach(run, id))!;
}

const MEMBERS: Readonly<Record<string, string>> = {
  breaches_discovered: "discoveredAt",
  breaches_notified: "notifiedAt",
  breaches_informed: "informedAt",
};

async function change(fn: () => Promise<unknown>): Promise<void> {
  try {
    await fn();
  } catch (error) {
    const member = error instanceof DatabaseError &&
      MEMBERS[error.constraint ?? ""];
    if (!member) throw error;
    throw wrong(
      member,
      "period",
      member === "discoveredAt"
        ? "is still to come"
        : "is before the breach was discovered, or still to come",
      error,
    );
  }
}

function wrong(
  member: string,
  code: string,
  detail: string,
  cause?: unknown,
): AppError {
  return new AppError("invalid-request", `${member} ${detail}`, {
    cause,
    violations: [{ pointer: `#/${member}`, code, detail }],
  });
}
