/** A use counts half as much after so long, in milliseconds. */
const HALF_LIFE_MS = 30_000;

/**
 * How much a clinic was used lately: every use counts, the older the less. It is kept as a logarithm that grows with
 * the time of the uses, so that it stays as it is while nothing is used: whoever has more than another keeps more.
 *
 * Recency and frequency in one number: Lee et al., "LRFU", IEEE Transactions on Computers 50 (12), 2001.
 */
export type RecentUse = number;

/** Of what was never used. */
export const UNUSED: RecentUse = -Infinity;

/** @param now in milliseconds, on a clock that never goes back */
export function afterUse(before: RecentUse, now: number): RecentUse {
  const one = now / HALF_LIFE_MS;
  const [less, more] = before < one ? [before, one] : [one, before];
  return more + Math.log2(1 + 2 ** (less - more));
}
