import type { Breach } from "../../src/platform/breaches/queries.ts";
import { instant } from "./show_operation.ts";
import { table } from "./table.ts";
import { say } from "./terminal.ts";

const MAX_WORDS = 50;

export function showBreaches(breaches: readonly Breach[]): void {
  if (breaches.length === 0) return say("No breaches");
  say(table([
    ["Id", "State", "Discovered", "72 hours", "Clinics", "What happened"],
    ...breaches.map((breach) => [
      breach.id,
      breach.state,
      instant(breach.discoveredAt),
      clockOf(breach),
      String(breach.clinicIds.length),
      shortened(breach.description),
    ]),
  ]));
}

/** One entry, with its changes. */
export function showBreach(breach: Breach): void {
  const { notNotifiedBecause: reason } = breach;
  say(table([
    ["Breach", breach.id],
    ["State", breach.state],
    ["Discovered", instant(breach.discoveredAt)],
    ["Due", instant(breach.dueAt)],
    ["72 hours", clockOf(breach)],
    ["Clinics", breach.clinicIds.join(" ") || "-"],
    ["Notified", instant(breach.notifiedAt)],
    ["CNIL", breach.cnilReference ?? "-"],
    ...(reason === null ? [] : [["Not notified", shortened(reason)]]),
    ["Persons told", instant(breach.informedAt)],
    ["Closed", instant(breach.closedAt)],
  ]));
  say();
  say(breach.description);
  say();
  say(table([
    ["Change", "State", "At", "By"],
    ...breach.history.map(({ version, state, at, changedBy }) => [
      String(version),
      state,
      instant(at),
      changedBy ?? "operator",
    ]),
  ]));
}

function clockOf({ hoursLeft, overdue, notifiedAt }: Breach): string {
  if (hoursLeft !== null) {
    return hoursLeft >= 0
      ? `${hoursLeft} h left`
      : `overdue by ${-hoursLeft} h`;
  }
  if (notifiedAt === null) return "not notified";
  return overdue ? "notified late" : "notified in time";
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  const words = [...line];
  return words.length <= MAX_WORDS
    ? line
    : `${words.slice(0, MAX_WORDS - 1).join("")}…`;
}
