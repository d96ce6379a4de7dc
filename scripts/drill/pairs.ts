/** Pairs are tried exhaustively up to this many clinics; beyond, each clinic against this many others. */
const ALL_PAIRS_UP_TO = 40;

/** For each of `all`, the others that what leaked from it is tried on. */
export function others<T>(all: readonly T[], index: number): T[] {
  const rest = [...all.slice(index + 1), ...all.slice(0, index)];
  return rest.slice(0, ALL_PAIRS_UP_TO - 1);
}

/** Runs `fn` over `items`, a few at a time. */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  fn: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  async function work(): Promise<void> {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      await fn(next.value);
    }
  }
  await Promise.all(Array.from({ length: width }, work));
}
