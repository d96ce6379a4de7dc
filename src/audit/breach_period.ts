/** From when until when, in RFC 3339. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

export interface PeriodProblem {
  readonly member: "from" | "to";
  readonly code: "too-early" | "future" | "reversed";
  readonly detail: string;
}

/** Clocks apart, in milliseconds. */
const MARGIN_MS = 60_000;

/**
 * The period that is asked about, up to now unless told; or what is wrong with it: what is to come cannot be known.
 * @param now milliseconds since 1970
 */
export function readPeriod(
  { from, to }: { readonly from: string; readonly to?: string | undefined },
  now: number,
): Period | PeriodProblem {
  const begin = Date.parse(from);
  const end = to === undefined ? now : Date.parse(to);
  if (begin < 0) {
    return problem("from", "too-early", "is before there was a trail");
  }
  if (begin > now) return problem("from", "future", "is still to come");
  if (end > now + MARGIN_MS) return problem("to", "future", "is still to come");
  if (end <= begin) return problem("to", "reversed", "is not later than from");
  return { from, to: to ?? new Date(now).toISOString() };
}

function problem(
  member: PeriodProblem["member"],
  code: PeriodProblem["code"],
  detail: string,
): PeriodProblem {
  return { member, code, detail };
}
