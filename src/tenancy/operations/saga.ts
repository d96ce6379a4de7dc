import type { Connection } from "../../db/connection.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { AdminLogin } from "../provisioning/admin.ts";
import type { Operation, OperationKind } from "./operation.ts";

/** What a step works with. */
export interface StepContext {
  readonly operation: Operation;
  /** Straight to the central database, as the worker. */
  readonly central: Connection;
  /** A session with a clinic's database, which the steps share; closed when the operation is let go of. */
  open(login: AdminLogin, database: string): Promise<Connection>;
  /** What earlier steps have left. */
  readonly notes: Readonly<Record<string, unknown>>;
  /** Leaves something for later steps; stored when the step is finished. No secrets. */
  note(values: Readonly<Record<string, unknown>>): void;
  /** Adds to what the operation is known by when it has succeeded. No secrets. */
  result(values: Readonly<Record<string, unknown>>): void;
  /** What was sealed into the operation, if anything was. */
  secret(): Promise<Secret | undefined>;
  /** Aborted when another worker has the operation: nothing may be changed any more. */
  readonly signal: AbortSignal;
}

/** A piece of an operation that may be done again at any time, whole or half: the second time changes nothing. */
export interface Step {
  readonly name: string;
  /**
   * Whether earlier steps have left nothing to do, by their notes alone: it is skipped then, and no line of the ledger
   * is written for it by itself.
   */
  isIdle?(notes: StepContext["notes"]): boolean;
  /** @returns `skipped` when there was nothing to do */
  run(context: StepContext): Promise<void | "skipped">;
}

/** How a kind of operation is done. */
export interface Saga {
  readonly kind: OperationKind;
  steps(operation: Operation): readonly Step[];
  /** Why it is not to be begun any more, if so: it is then cancelled. */
  reasonAgainst?(context: StepContext): Promise<string | undefined>;
  /** Takes back everything that was done, by whatever step; may be done again. Without it nothing can be cancelled. */
  undo?(context: StepContext): Promise<void>;
}

/** @throws {TypeError} when the operation is on none */
export function clinicOf({ operation }: StepContext): ClinicId {
  if (operation.clinicId === null) {
    throw new TypeError("Cannot run operation: it names no clinic");
  }
  return operation.clinicId as ClinicId;
}
