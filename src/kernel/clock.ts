/** Milliseconds since the epoch. Passed in wherever time matters, so that tests decide what time it is. */
export type Clock = () => number;

export function systemClock(): number {
  return Date.now();
}

/** Seconds since the epoch, as JWT claims count them (RFC 7519 section 2). */
export function epochSeconds(clock: Clock): number {
  return Math.floor(clock() / 1000);
}
