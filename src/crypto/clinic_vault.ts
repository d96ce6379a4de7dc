import { createHmac, hkdfSync } from "node:crypto";
import {
  aad,
  extendAad,
  KEY_BYTES,
  openWithKey,
  requireKey,
  sealWithKey,
} from "./aead.ts";
import { SealError } from "./errors.ts";

/** The cell of a table that a sealed value belongs to; it opens nowhere else. */
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
  /** Primary key of the row. */
  readonly row: string;
}

export interface ClinicVaultOptions {
  readonly clinicId: string;
  /** Data keys of 32 bytes by number (1 to 2^32 - 1); during a rotation the old ones are still here. */
  readonly dataKeys: ReadonlyMap<number, Uint8Array>;
  /** Number of the data key that seals now. */
  readonly currentDataKey: number;
  /** 32 bytes; never rotated with the data keys, because every blind index hangs on it. */
  readonly indexKey: Uint8Array;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const KEY_NUMBER_BYTES = 4;
const MAX_KEY_NUMBER = 0xffffffff;

/**
 * Seals the sensitive columns of one clinic, and derives its other keys. One data key may seal 2^32 values with random
 * IVs (SP 800-38D section 8.3): a clinic that seals a value every second reaches that in 136 years.
 */
export class ClinicVault {
  readonly #clinicId: string;
  readonly #dataKeys: ReadonlyMap<number, Uint8Array>;
  readonly #currentDataKey: number;
  readonly #indexKey: Uint8Array;
  readonly #indexKeys = new Map<string, Uint8Array>();
  readonly #otherKeys = new Map<string, Uint8Array>();
  /** What the places of one column have in common, by table and column: a list opens it row after row. */
  readonly #columns = new Map<string, Map<string, Uint8Array>>();

  /** Throws `TypeError` or `RangeError` unless every key has its length and the current one is there. */
  constructor(options: ClinicVaultOptions) {
    requireKey(options.indexKey, "index key");
    for (const [number, key] of options.dataKeys) {
      if (
        !Number.isInteger(number) || number < 1 || number > MAX_KEY_NUMBER
      ) {
        throw new RangeError(`Cannot use data key: no such number: ${number}`);
      }
      requireKey(key, `data key ${number}`);
    }
    if (!options.dataKeys.has(options.currentDataKey)) {
      throw new RangeError("Cannot open vault: current data key is missing");
    }
    this.#clinicId = options.clinicId;
    this.#dataKeys = new Map(options.dataKeys);
    this.#currentDataKey = options.currentDataKey;
    this.#indexKey = options.indexKey.slice();
  }

  /** Number of the data key (32 bits) ‖ what `sealWithKey` makes: 33 bytes more than the text's UTF-8. */
  sealText(place: SealedPlace, text: string): Uint8Array {
    if (!text.isWellFormed()) {
      throw new TypeError("Cannot seal text: it is ill-formed");
    }
    return this.sealBytes(place, new TextEncoder().encode(text));
  }

  /** Throws `SealError` when the value belongs to another clinic, table, column or row, or was altered. */
  openText(place: SealedPlace, stored: Uint8Array): string {
    return strictUtf8.decode(this.openBytes(place, stored));
  }

  /** The same for what is no text. */
  sealBytes(place: SealedPlace, bytes: Uint8Array): Uint8Array {
    const number = this.#currentDataKey;
    const sealed = sealWithKey(
      this.#dataKey(number),
      bytes,
      this.#aad(place, number),
    );
    const stored = new Uint8Array(KEY_NUMBER_BYTES + sealed.length);
    new DataView(stored.buffer).setUint32(0, number);
    stored.set(sealed, KEY_NUMBER_BYTES);
    return stored;
  }

  /** Throws `SealError` like `openText`. */
  openBytes(place: SealedPlace, stored: Uint8Array): Uint8Array {
    const number = keyNumber(stored);
    return openWithKey(
      this.#dataKey(number),
      stored.subarray(KEY_NUMBER_BYTES),
      this.#aad(place, number),
    );
  }

  /** Whether a rotation of the data key still has to seal this value again. */
  needsReseal(stored: Uint8Array): boolean {
    return keyNumber(stored) !== this.#currentDataKey;
  }

  /**
   * HMAC-SHA-256 (32 bytes) of an already normalised value, to look up a sealed column by equality. Another clinic, or
   * another purpose, gives other bytes for the same value. Equal values show as equal to who reads the column.
   */
  blindIndex(purpose: string, normalised: string): Uint8Array {
    const key = remembered(
      this.#indexKeys,
      purpose,
      () => this.#derive("cloison/blind-index/v1", purpose),
    );
    return new Uint8Array(
      createHmac("sha256", key).update(normalised, "utf8").digest(),
    );
  }

  /**
   * 32 bytes of key for another use, such as page cursors: HKDF-SHA-256 (RFC 5869) of the index key. Remembered: the
   * labels are those of the program, and few.
   */
  deriveKey(label: string): Uint8Array {
    return remembered(
      this.#otherKeys,
      label,
      () => this.#derive("cloison/derived-key/v1", label),
    ).slice();
  }

  #derive(domain: string, label: string): Uint8Array {
    const info = aad(domain, this.#clinicId, label);
    return new Uint8Array(
      hkdfSync("sha256", this.#indexKey, new Uint8Array(), info, KEY_BYTES),
    );
  }

  #dataKey(number: number): Uint8Array {
    const key = this.#dataKeys.get(number);
    if (key === undefined) {
      throw new SealError(`Cannot open sealed text: no data key ${number}`);
    }
    return key;
  }

  #aad(place: SealedPlace, number: number): Uint8Array {
    const { table, column, row } = place;
    const columns = remembered(
      this.#columns,
      table,
      () => new Map<string, Uint8Array>(),
    );
    const prefix = remembered(
      columns,
      column,
      () => aad("cloison/column/v1", this.#clinicId, table, column),
    );
    return extendAad(prefix, row, String(number));
  }
}

function remembered<Value>(
  values: Map<string, Value>,
  key: string,
  make: () => Value,
): Value {
  let value = values.get(key);
  if (value === undefined) values.set(key, value = make());
  return value;
}

function keyNumber(stored: Uint8Array): number {
  if (stored.length < KEY_NUMBER_BYTES) {
    throw new SealError("Cannot open sealed text: unknown format");
  }
  return new DataView(stored.buffer, stored.byteOffset).getUint32(0);
}
