import { z } from "@hono/zod-openapi";
import { id, instant, integer, label, orNull } from "../http/schemas.ts";
import {
  type Operation,
  OPERATION_KINDS,
  OPERATION_STATES,
} from "../tenancy/operations/operation.ts";

const OperationStepSchema = z.strictObject({
  name: label({
    max: 100,
    description: "What is done",
    example: "create-database",
  }),
  state: z.enum(["pending", "running", "done", "skipped"]).openapi({
    description: "How far it is",
    example: "done",
  }),
  startedAt: orNull(instant("When it was begun, the last time")),
  finishedAt: orNull(instant("When it was done")),
}).openapi("OperationStep", { description: "A step of an operation" });

const OperationErrorSchema = z.strictObject({
  code: label({
    max: 100,
    description: "What went wrong, for a program",
    example: "unavailable",
  }),
  message: z.string().max(500).openapi({
    description: "What went wrong, for a person",
    pattern: "^[^\\u0000]*$",
    example: "The cluster could not be reached",
  }),
}).openapi("OperationError", { description: "Why an operation stopped" });

export const OperationSchema = z.strictObject({
  id: id("The operation"),
  kind: z.enum(OPERATION_KINDS).openapi({ description: "What is done" }),
  clinicId: orNull(id("The clinic; the id that a new one will have")),
  state: z.enum(OPERATION_STATES).openapi({
    description:
      "`queued` until a worker is free, `waiting` for a date; `succeeded`, `failed` and `cancelled` are the end",
  }),
  steps: z.array(OperationStepSchema).max(100).openapi({
    description: "In their order; empty until a worker has begun",
  }),
  attempts: integer({
    min: 0,
    max: 1_000_000,
    description: "How often the step that it stands at was tried",
    example: 1,
  }),
  nextAttemptAt: instant("When it is tried again; of no meaning at the end"),
  scheduledFor: orNull(instant("The date that it waits for")),
  error: orNull(OperationErrorSchema),
  cancelRequestedAt: orNull(instant("When somebody wanted it back")),
  requestedBy: orNull(id("The platform user; null for an operator's command")),
  createdAt: instant("When it was asked for"),
  startedAt: orNull(instant("When a worker began")),
  finishedAt: orNull(instant("When it came to its end")),
}).openapi("Operation", {
  description: "Long work on a clinic: ask again until it is at its end",
});

export type OperationView = z.infer<typeof OperationSchema>;

/** Member by member: input and result may hold what is of no concern here. */
export function toOperationView(operation: Operation): OperationView {
  return {
    id: operation.id,
    kind: operation.kind,
    clinicId: operation.clinicId,
    state: operation.state,
    steps: operation.steps.map((step) => ({ ...step })),
    attempts: operation.attempts,
    nextAttemptAt: operation.nextAttemptAt,
    scheduledFor: operation.scheduledFor,
    error: operation.error && { ...operation.error },
    cancelRequestedAt: operation.cancelRequestedAt,
    requestedBy: operation.requestedBy,
    createdAt: operation.createdAt,
    startedAt: operation.startedAt,
    finishedAt: operation.finishedAt,
  };
}

export function operationPath(id: string): string {
  return `/v1/platform/operations/${id}`;
}

/** Headers of an answer that shows an operation that was asked for. */
export const acceptedHeaders = z.object({
  location: z.string().openapi({
    description: "Path of the operation, to be asked for until it is over",
    pattern: "^/v1/platform/operations/",
    maxLength: 500,
    example: operationPath("01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b"),
  }),
});
