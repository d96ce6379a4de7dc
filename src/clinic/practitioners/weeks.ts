const WEEK = /^(2[01]\d{2})-W(\d{2})$/;
const DAY = 86_400_000;

/**
 * The Monday of an ISO 8601 week such as `2027-W12`, as `YYYY-MM-DD`.
 * @returns `undefined` for what is no week of the years 2000 to 2199
 */
export function mondayOf(week: string): string | undefined {
  const match = WEEK.exec(week);
  if (!match) return undefined;
  const [year, number] = [Number(match[1]), Number(match[2])];
  // Week 1 is the one of 4 January.
  const fourth = Date.UTC(year, 0, 4);
  const first = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY;
  const monday = new Date(first + (number - 1) * 7 * DAY);
  // A year has 52 or 53 weeks, and the Thursday of a week is in its year.
  const thursday = new Date(monday.getTime() + 3 * DAY);
  if (number < 1 || thursday.getUTCFullYear() !== year) return undefined;
  const day = monday.toISOString().slice(0, 10);
  return day < "2000-01-01" || day > "2199-12-31" ? undefined : day;
}

/** The seven days of a week, Monday first, as `YYYY-MM-DD`. */
export function daysFrom(monday: string): string[] {
  return Array.from({ length: 7 }, (_, index) => addDays(monday, index));
}

/** The day that is so many days after another one, as `YYYY-MM-DD`. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10);
}

export function earliest(one: string, other: string): string {
  return one < other ? one : other;
}

export function latest(one: string, other: string): string {
  return one < other ? other : one;
}

/** How many days there are from one day to another, both counted; negative or 0 when they are the wrong way round. */
export function countDays(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / DAY + 1;
}
