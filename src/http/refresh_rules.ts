/** How a refresh token and its session stand. */
export interface RefreshState {
  /** The session is neither over nor revoked, and the account is active. */
  readonly alive: boolean;
  /** Whole seconds until the session is over. */
  readonly seconds_left: number;
  /** Seconds since the token was exchanged; null if it was not. */
  readonly used_ago: number | null;
  /** Whether the successor was exchanged in turn; null if there is none. */
  readonly successor_used: boolean | null;
}

/**
 * How long the token before the present one is still answered, in seconds: a client that lost the answer, or has two
 * windows that refresh at once, asks again and gets the same successor. Nobody gets a second one.
 */
export const REFRESH_GRACE_SECONDS = 10;

/**
 * What to do with a refresh token (RFC 9700 section 4.14.2).
 *
 * - `rotate`: it is the present one of its session;
 * - `repeat`: it was exchanged a moment ago, and its successor was not yet: that successor again;
 * - `reused`: it was exchanged, and either of the two who hold it has gone on: one of them stole it;
 * - `over`: the session was over, or revoked, before.
 */
export type RefreshVerdict = "rotate" | "repeat" | "reused" | "over";

export function judgeRefresh(row: RefreshState): RefreshVerdict {
  if (!row.alive || row.seconds_left < 1) return "over";
  if (row.used_ago === null) return "rotate";
  return row.used_ago <= REFRESH_GRACE_SECONDS && row.successor_used === false
    ? "repeat"
    : "reused";
}
