/**
 * How values travel. Every serialiser here takes every parameter that `toParameter` lets through and throws for none:
 * a throw inside the driver would shift the answers of all statements behind it to their neighbours.
 */

/** A value as text, in the two forms it may need: the server names a parameter's type only after it was given. */
class Encoded {
  readonly json: string;
  readonly #toText: (json: string) => string;

  constructor(json: string, toText: (json: string) => string = same) {
    this.json = json;
    this.#toText = toText;
  }

  toString(): string {
    return this.#toText(this.json);
  }
}

export type Parameter = string | number | Encoded | null;

const TRUE = new Encoded("true");
const FALSE = new Encoded("false");

/**
 * @throws {TypeError} for what has no form in SQL: `undefined`, functions, symbols, cyclic objects
 */
export function toParameter(value: unknown): Parameter {
  switch (typeof value) {
    case "string":
    case "number":
      return value;
    case "boolean":
      return value ? TRUE : FALSE;
    case "bigint":
      return String(value);
    case "object":
      return value === null ? null : fromObject(value);
    default:
      throw new TypeError(`Cannot run statement: a value is ${typeof value}`);
  }
}

function fromObject(value: object): Parameter {
  if (value instanceof Uint8Array) return new Encoded(toHex(value));
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return new Encoded(toJson(value), toArrayLiteral);
  return new Encoded(toJson(value));
}

function toJson(value: object): string {
  const json = JSON.stringify(value);
  if (json === undefined) {
    throw new TypeError("Cannot run statement: a value has no JSON form");
  }
  return json;
}

function toHex(bytes: Uint8Array): string {
  return `\\x${bytes.toHex()}`;
}

function toArrayLiteral(json: string): string {
  return arrayLiteral(JSON.parse(json));
}

function arrayLiteral(items: readonly unknown[]): string {
  return `{${items.map(arrayItem).join(",")}}`;
}

function arrayItem(item: unknown): string {
  if (item === null) return "NULL";
  if (Array.isArray(item)) return arrayLiteral(item);
  const text = typeof item === "object" ? JSON.stringify(item) : String(item);
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** One entry of the driver's option `types`. */
interface TypeCodec {
  readonly to: number;
  readonly from: number[];
  readonly serialize: (value: Parameter) => string;
  readonly parse: (text: string) => unknown;
}

/** By OID of `pg_type`; what is not listed travels as text, and small numbers and booleans as the driver reads them. */
export const TYPES: Readonly<Record<string, TypeCodec>> = {
  bool: codec([16], (text) => text === "t"),
  bytea: codec([17], (text) => Uint8Array.fromHex(text.slice(2))),
  json: {
    ...codec([114, 3802], (text) => JSON.parse(text)),
    serialize: (value) =>
      value instanceof Encoded ? value.json : JSON.stringify(value),
  },
  // Days and wall-clock times, not instants: a time zone must never move a birth date.
  plainTime: codec([1082, 1114], same),
  instant: codec([1184], toRfc3339),
  numberArray: codec(
    [1005, 1007],
    (text) =>
      parseArray(text).map((item) => item === null ? null : Number(item)),
  ),
  // varchar, text, bigint, date and uuid
  textArray: codec([1009, 1015, 1016, 1182, 2951], parseArray),
};

function codec(oids: number[], parse: (text: string) => unknown): TypeCodec {
  return { to: oids[0]!, from: oids, serialize: String, parse };
}

/** PostgreSQL writes `2026-03-29 01:30:00.123456+00`; all sessions run in UTC, and no microsecond is lost. */
function toRfc3339(text: string): string {
  return text.replace(" ", "T").replace(/\+00(:00)?$/, "Z");
}

const ARRAY_ITEM = /"((?:[^"\\]|\\.)*)"|([^",{}]+)/gs;

/** Reads an array of one dimension. */
export function parseArray(text: string): (string | null)[] {
  return Array.from(text.matchAll(ARRAY_ITEM), ([, quoted, plain]) => {
    if (plain !== undefined) return plain === "NULL" ? null : plain;
    return quoted!.replace(/\\(.)/gs, "$1");
  });
}

function same<T>(value: T): T {
  return value;
}
