import { cursorBinding } from "../../../http/cursor.ts";
import type { ClinicEnv } from "../../../http/env.ts";
import type { Page, PageWindow } from "../../../http/pages.ts";
import { noSuch } from "../../../http/row_versions.ts";
import { answerPage } from "../../../http/sorted_list.ts";
import { AppError, type Violation } from "../../../kernel/errors.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import type { Context } from "hono";
import { NOUN } from "../changes.ts";
import { findPractitioner } from "../queries.ts";
import {
  findSlotType,
  listSlots,
  type SlotRow,
  type SlotSearch,
} from "./queries.ts";
import type { Slot, SlotRequest } from "./schemas.ts";
import { addDays, countDays, earliest, latest } from "../weeks.ts";

const MAX_DAYS = 62;
const DEFAULT_MINUTES = 30;
/** Of everybody: enough for most searches, and not much to compute in vain. */
const DAYS_AT_ONCE = 14;

/**
 * Answers a page of slots.
 * @param practitionerId `undefined`: with anybody
 * @throws {AppError} `not-found`, `invalid-request`, `invalid-cursor`
 */
export async function answerSlots(
  c: Context<ClinicEnv>,
  practitionerId: string | undefined,
  request: SlotRequest,
): Promise<Page<Slot>> {
  const { clinic } = c.var;
  const { limit, cursor, ...wanted } = request;
  requireRange(wanted);
  if (practitionerId !== undefined) {
    await requirePractitioner(clinic, practitionerId);
  }
  const kind = await kindOf(clinic, wanted);
  const { from, to } = wanted;
  const search = { practitionerId, from, to, ...kind };
  return await answerPage(
    c,
    cursorBinding("listSlots", search),
    { limit, cursor },
    (window) => firstSlots(clinic, search, window),
    toSlot,
  );
}

/** Some days after the others: the first ones usually have as many slots as a page shows. */
async function firstSlots(
  clinic: ClinicDb,
  search: SlotSearch,
  { after, fetch }: PageWindow,
): Promise<SlotRow[]> {
  let days = search.practitionerId === undefined ? DAYS_AT_ONCE : MAX_DAYS;
  const rows: SlotRow[] = [];
  let from = search.from;
  if (typeof after?.[0] === "string") {
    // The day of an instant is, somewhere, that of the day before in UTC.
    from = latest(from, addDays(after[0].slice(0, 10), -1));
  }
  while (from <= search.to && rows.length < fetch) {
    const to = earliest(addDays(from, days - 1), search.to);
    const window = { after, fetch: fetch - rows.length };
    rows.push(
      ...await clinic.read((tx) =>
        listSlots(tx, { ...search, from, to }, window)
      ),
    );
    from = addDays(to, 1);
    // Where these had too few, slots are rare: the rest is looked through at once.
    days = MAX_DAYS;
  }
  return rows;
}

function requireRange({ from, to }: { from: string; to: string }): void {
  const days = countDays(from, to);
  if (days < 1) {
    throw invalid("to", "before-from", "must not be before from");
  }
  if (days > MAX_DAYS) {
    throw invalid(
      "to",
      "range-too-long",
      `must be at most the ${MAX_DAYS}nd day, counted from the first one`,
    );
  }
}

async function requirePractitioner(
  clinic: ClinicDb,
  id: string,
): Promise<void> {
  const row = await clinic.read((tx) => findPractitioner(tx, id));
  if (!row) throw noSuch(NOUN);
}

async function kindOf(
  clinic: ClinicDb,
  { duration, appointmentTypeId: id }: Partial<SlotRequest>,
): Promise<{ minutes: number; overlappable: boolean }> {
  if (id === undefined) {
    return { minutes: duration ?? DEFAULT_MINUTES, overlappable: false };
  }
  if (duration !== undefined) {
    throw invalid(
      "duration",
      "either-or",
      "must not stand beside appointmentTypeId, which has its own",
    );
  }
  const type = await clinic.read((tx) => findSlotType(tx, id));
  if (!type) {
    throw invalid(
      "appointmentTypeId",
      "unknown-appointment-type",
      "is no type of appointment that is in use",
    );
  }
  return { minutes: type.duration_minutes, overlappable: type.overlappable };
}

function toSlot(row: SlotRow): Slot {
  return {
    practitionerId: row.id,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
  };
}

function invalid(parameter: string, code: string, detail: string): AppError {
  const violations: Violation[] = [{ parameter, code, detail }];
  return new AppError("invalid-request", "The request is not valid", {
    violations,
  });
}
