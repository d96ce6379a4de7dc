import { type Period, readPeriod } from "../../../audit/breach_period.ts";
import { AppError } from "../../../kernel/errors.ts";

/**
 * The period that was asked for.
 * @param now milliseconds since 1970
 * @throws {AppError} `invalid-request`
 */
export function requirePeriod(
  asked: { readonly from: string; readonly to?: string | undefined },
  now: number,
): Period {
  const period = readPeriod(asked, now);
  if (!("member" in period)) return period;
  const { member, code, detail } = period;
  throw new AppError("invalid-request", "The period cannot be asked for", {
    violations: [{ pointer: `#/${member}`, code, detail }],
  });
}
