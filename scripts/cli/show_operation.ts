import type { Operation } from "../../src/tenancy/operations/operation.ts";
import { table } from "./table.ts";
import { say } from "./terminal.ts";

const CLINIC_COLUMN = 6;

/** A date and a time as people read them, in UTC. */
export function instant(text: string | null): string {
  return text === null ? "-" : `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}

/** To the minute, where many stand below one another. In UTC. */
function minute(text: string): string {
  return `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

/** Short names of clinics, by id. */
type Slugs = ReadonlyMap<string, string>;

/** One operation, with its steps. */
export function showOperation(operation: Operation, slugs: Slugs): void {
  const { error, clinicId, scheduledFor } = operation;
  say(table([
    ["Operation", operation.id],
    ["Kind", operation.kind],
    ["Clinic", slugs.get(clinicId ?? "") ?? clinicId ?? "-"],
    ...(clinicId === null ? [] : [["Its id", clinicId]]),
    ["State", operation.state],
    ["Asked for", instant(operation.createdAt)],
    ...(scheduledFor === null ? [] : [["Waits for", instant(scheduledFor)]]),
    ["Begun", instant(operation.startedAt)],
    ["Over", instant(operation.finishedAt)],
    ...(error === null ? [] : [["Error", `${error.message} (${error.code})`]]),
  ]));
  if (operation.steps.length === 0) return;
  say();
  say(table([
    ["Step", "State", "Finished"],
    ...operation.steps.map((step) => [
      step.name,
      step.state,
      instant(step.finishedAt),
    ]),
  ]));
}

export function showOperations(
  operations: readonly Operation[],
  slugs: Slugs,
): void {
  if (operations.length === 0) return say("No operations");
  say(table([
    ["Id", "Kind", "State", "Step", "Asked for (UTC)", "Error", "Clinic"],
    ...operations.map((operation) => [
      operation.id,
      operation.kind,
      operation.state,
      stepOf(operation),
      minute(operation.createdAt),
      operation.error?.code ?? "-",
      slugs.get(operation.clinicId ?? "") ?? operation.clinicId ?? "-",
    ]),
  ], { shorten: [CLINIC_COLUMN] }));
}

function stepOf({ steps }: Operation): string {
  const over = steps.filter(({ state }) =>
    state === "done" || state === "skipped"
  );
  return steps.length === 0 ? "-" : `${over.length}/${steps.length}`;
}
