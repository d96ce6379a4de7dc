/** Hours of a day, in minutes since midnight: `[from, to)`. */
export type Interval = readonly [from: number, to: number];

/** Hours of a week, Monday first. */
export type Week = readonly (readonly Interval[])[];

/** All that decides when somebody can be booked. Instants are counted in minutes since the epoch. */
export interface Plan {
  readonly zone: string;
  readonly opening: Week;
  readonly template: Week;
  /** Hours of single weeks, by their Monday, `YYYY-MM-DD`. */
  readonly overrides: Readonly<Record<string, Week>>;
  readonly closed: readonly string[];
  readonly taken: readonly Interval[];
  readonly step: number;
}

interface LocalMinute {
  readonly date: string;
  readonly weekday: number;
  readonly minute: number;
}

const DAY = 86_400_000;

/**
 * When slots begin, found the long way: every single minute is looked up on the clocks of the zone.
 * @param length of a slot, in minutes
 * @returns instants, in minutes since the epoch
 */
export function slotsByLookingAtClocks(
  plan: Plan,
  from: string,
  to: string,
  length: number,
): number[] {
  const read = clockOf(plan.zone);
  const slots: number[] = [];
  let run: { date: string; start: number } | undefined;
  const last = (Date.parse(to) + 2 * DAY) / 60_000;
  for (let at = (Date.parse(from) - DAY) / 60_000; at <= last; at++) {
    const local = read(at);
    const works = local.date >= from && local.date <= to && isWork(plan, local);
    if (run && (!works || local.date !== run.date)) {
      slots.push(...slotsOf(plan, run.start, at, length));
      run = undefined;
    }
    if (works) run ??= { date: local.date, start: at };
  }
  return slots;
}

function slotsOf(
  { step, taken }: Plan,
  from: number,
  to: number,
  length: number,
): number[] {
  const slots: number[] = [];
  for (let start = from; start + length <= to; start += step) {
    const isFree = taken.every(([since, until]) =>
      until <= start || since >= start + length
    );
    if (isFree) slots.push(start);
  }
  return slots;
}

function isWork(plan: Plan, { date, weekday, minute }: LocalMinute): boolean {
  if (plan.closed.includes(date)) return false;
  const monday = new Date(Date.parse(date) - (weekday - 1) * DAY)
    .toISOString().slice(0, 10);
  const week = plan.overrides[monday] ?? plan.template;
  return [week, plan.opening].every((each) =>
    each[weekday - 1]!.some(([start, end]) => start <= minute && minute < end)
  );
}

/** What the clocks of a zone show, as the runtime's own copy of the time zone database has it. */
function clockOf(zone: string): (minute: number) => LocalMinute {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  return (at) => {
    const parts = Object.fromEntries(
      format.formatToParts(at * 60_000).map(({ type, value }) => [type, value]),
    );
    const date = `${parts.year}-${parts.month}-${parts.day}`;
    return {
      date,
      weekday: (new Date(date).getUTCDay() + 6) % 7 + 1,
      minute: Number(parts.hour) * 60 + Number(parts.minute),
    };
  };
}
