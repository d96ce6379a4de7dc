import type {
  BreachExtent,
  BreachFilter,
} from "../../src/audit/breach_extent.ts";
import { instant } from "./show_operation.ts";
import { table } from "./table.ts";
import { say } from "./terminal.ts";

/** A clinic of the trail, and what was touched in it. */
export interface ClinicExtent {
  /** Short name; the id of one that is not in the registry any more. */
  readonly clinic: string;
  readonly clinicId: string;
  readonly extent: BreachExtent;
}

const UNKNOWN = "unknown, up to all files of the clinic";

/** For people: what is certain, by clinic and by kind of data, then what nobody can say. */
export function showExtents(
  { from, to, actorId, sessionId, networks }: BreachFilter,
  found: readonly ClinicExtent[],
): void {
  say(table([
    ["From", instant(from)],
    ["To", instant(to)],
    ...(actorId === undefined ? [] : [["Actor", actorId]]),
    ...(sessionId === undefined ? [] : [["Session", sessionId]]),
    ...(networks === undefined ? [] : [["Address", networks[0]!]]),
  ]));
  say();
  if (found.length === 0) return say("The trail has no line of it");
  say(table([
    [
      "Clinic",
      "Patients",
      "Lines",
      "Read",
      "Changed",
      "Exported",
      "Lists",
      "Refused",
      "First",
      "Last",
    ],
    ...found.map(({ clinic, extent }) => [
      clinic,
      String(extent.persons),
      String(extent.lines),
      ...["read", "changed", "exported"].map((access) =>
        linesOf(extent, access)
      ),
      String(extent.listed),
      String(extent.refused),
      instant(extent.firstAt),
      instant(extent.lastAt),
    ]),
  ]));
  showCategories(found);
  showLists(found);
}

function linesOf({ accesses }: BreachExtent, wanted: string): string {
  return String(accesses.find(({ access }) => access === wanted)?.lines ?? 0);
}

function showCategories(found: readonly ClinicExtent[]): void {
  const rows = found.flatMap(({ clinic, extent }) =>
    extent.categories.map((each) => [
      clinic,
      each.category,
      String(each.persons),
      String(each.lines),
      String(each.unnamed),
    ])
  );
  if (rows.length === 0) return;
  say();
  say(table([
    ["Clinic", "Data", "Patients", "Lines", "In lists"],
    ...rows,
  ]));
}

function showLists(found: readonly ClinicExtent[]): void {
  const listed = found.filter(({ extent }) => extent.listed > 0);
  if (listed.length === 0) return;
  say();
  for (const { clinic, extent } of listed) {
    const lists = extent.lists.map(({ action, lines }) => `${action} ${lines}`);
    say(
      `${clinic}: lists were read (${
        lists.join(", ")
      }); whom they showed is ${UNKNOWN}`,
    );
  }
}

const COLUMNS = [
  "clinic",
  "clinic_id",
  "extent",
  "patient_id",
  "what",
  "lines",
  "read",
  "changed",
  "exported",
  "first_at",
  "last_at",
];

/** For the notification (RFC 4180): a row for each patient that is named, and one for each list that names none. */
export function csvOf(found: readonly ClinicExtent[]): string {
  const rows = found.flatMap(({ clinic, clinicId, extent }) => [
    ...extent.patients.map((each) => [
      clinic,
      clinicId,
      "named",
      each.patientId,
      each.categories.toSorted().join(" "),
      each.lines,
      each.read,
      each.changed,
      each.exported,
      each.firstAt,
      each.lastAt,
    ]),
    ...extent.lists.map(({ action, lines, firstAt, lastAt }) => [
      clinic,
      clinicId,
      UNKNOWN,
      "",
      action,
      lines,
      "",
      "",
      "",
      firstAt,
      lastAt,
    ]),
  ]);
  return [COLUMNS, ...rows]
    .map((row) => `${row.map((cell) => quoted(String(cell))).join(",")}\r\n`)
    .join("");
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
