import * as v from "valibot";
import { joinSql, type Sql, sql } from "../../db/sql.ts";

export const OPERATION_KINDS = [
  "create",
  "migrate",
  "suspend",
  "resume",
  "rotate",
  "close",
  "purge",
  "retention",
] as const;

export type OperationKind = typeof OPERATION_KINDS[number];

/** `waiting` is for a date; `queued` until a worker is free, or for the next attempt. */
export const OPERATION_STATES = [
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "cancelled",
] as const;

export type OperationState = typeof OPERATION_STATES[number];

const Instant = v.nullable(v.string());

const StepReport = v.object({
  name: v.string(),
  state: v.picklist(["pending", "running", "done", "skipped"]),
  startedAt: Instant,
  finishedAt: Instant,
});

/** How far one step is. A step that was begun and not finished is done again. */
export type StepReport = v.InferOutput<typeof StepReport>;

const OperationRow = v.object({
  id: v.string(),
  kind: v.picklist(OPERATION_KINDS),
  clinic_id: v.nullable(v.string()),
  state: v.picklist(OPERATION_STATES),
  input: v.record(v.string(), v.unknown()),
  steps: v.array(StepReport),
  result: v.nullable(v.record(v.string(), v.unknown())),
  attempts: v.number(),
  next_attempt_at: v.string(),
  scheduled_for: Instant,
  error_code: v.nullable(v.string()),
  error_message: v.nullable(v.string()),
  cancel_requested_at: Instant,
  requested_by: v.nullable(v.string()),
  created_at: v.string(),
  started_at: Instant,
  finished_at: Instant,
});

/** Long work on a clinic: what was asked, how far it is, how it ended. Instants are RFC 3339 in UTC. */
export interface Operation {
  readonly id: string;
  readonly kind: OperationKind;
  /** Of a clinic that is being made, the id that it will have. */
  readonly clinicId: string | null;
  readonly state: OperationState;
  readonly input: Readonly<Record<string, unknown>>;
  /** Empty until a worker has begun. */
  readonly steps: readonly StepReport[];
  readonly result: Readonly<Record<string, unknown>> | null;
  /** Of the step that it stands at. */
  readonly attempts: number;
  /** When it is tried again; of no meaning once it is over. */
  readonly nextAttemptAt: string;
  readonly scheduledFor: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly cancelRequestedAt: string | null;
  /** Null: whoever has the operator's commands. */
  readonly requestedBy: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** What everybody may read of an operation; qualified, for joins. */
export const OPERATION_COLUMNS: Sql = joinSql([
  sql`operations.id, operations.kind, operations.clinic_id, operations.state`,
  sql`operations.input, operations.steps, operations.result`,
  sql`operations.attempts, operations.next_attempt_at`,
  sql`operations.scheduled_for, operations.error_code`,
  sql`operations.error_message, operations.cancel_requested_at`,
  sql`operations.requested_by, operations.created_at`,
  sql`operations.started_at, operations.finished_at`,
], sql`, `);

/** @throws {v.ValiError} when the row is none */
export function toOperation(row: unknown): Operation {
  const found = v.parse(OperationRow, row);
  return {
    id: found.id,
    kind: found.kind,
    clinicId: found.clinic_id,
    state: found.state,
    input: found.input,
    steps: found.steps,
    result: found.result,
    attempts: found.attempts,
    nextAttemptAt: found.next_attempt_at,
    scheduledFor: found.scheduled_for,
    error: found.error_code === null
      ? null
      : { code: found.error_code, message: found.error_message ?? "" },
    cancelRequestedAt: found.cancel_requested_at,
    requestedBy: found.requested_by,
    createdAt: found.created_at,
    startedAt: found.started_at,
    finishedAt: found.finished_at,
  };
}

/** Whether nothing will come of it any more. */
export function isOver({ state }: Pick<Operation, "state">): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled";
}
