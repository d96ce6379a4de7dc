const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/gs;

/**
 * Whether an object somewhere in `text`, which is well-formed JSON, has a member twice. `JSON.parse` keeps the last one and
 * other parsers the first (RFC 8259 section 4): what a proxy checked and what is stored could differ.
 */
export function hasDuplicateMembers(text: string): boolean {
  // Names of the members of the open objects; `null` for an open array.
  const open: (Set<string> | null)[] = [];
  let isName = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const names = open.at(-1);
    switch (token) {
      case "{":
        open.push(new Set());
        isName = true;
        break;
      case "[":
        open.push(null);
        isName = false;
        break;
      case "}":
      case "]":
        open.pop();
        isName = false;
        break;
      case ",":
        isName = names !== null;
        break;
      default:
        if (isName && names) {
          const name: string = JSON.parse(token);
          if (names.has(name)) return true;
          names.add(name);
        }
        isName = false;
    }
  }
  return false;
}

export interface JsonBounds {
  readonly depth: number;
  /** Of one array, or members of one object. */
  readonly items: number;
}

export type JsonExcess = "too-deep" | "too-many-items";

/** What of a value goes beyond `bounds`, if anything does. */
export function excessOf(
  value: unknown,
  bounds: JsonBounds,
): JsonExcess | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (bounds.depth === 0) return "too-deep";
  const items = Object.values(value);
  if (items.length > bounds.items) return "too-many-items";
  const inner = { ...bounds, depth: bounds.depth - 1 };
  for (const item of items) {
    const excess = excessOf(item, inner);
    if (excess) return excess;
  }
  return undefined;
}
