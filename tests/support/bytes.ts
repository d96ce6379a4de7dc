/** Every way to flip one bit of `bytes`. */
export function* flippedBits(bytes: Uint8Array): Generator<Uint8Array> {
  for (let index = 0; index < bytes.length; index++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = bytes.slice();
      flipped[index]! ^= 1 << bit;
      yield flipped;
    }
  }
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** 32 bytes that differ by `seed`: keys for tests. */
export function keyOf(seed: number): Uint8Array {
  return new Uint8Array(32).map((_, index) => (seed * 31 + index) & 0xff);
}
