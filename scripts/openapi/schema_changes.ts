import {
  isNode,
  type Node,
  resolve,
} from "../../src/http/document/openapi_nodes.ts";

/** Whether a client writes what the schema describes, or reads it. */
export type Direction = "request" | "response";

export interface Comparison {
  readonly before: Node;
  readonly after: Node;
  readonly direction: Direction;
}

/** What a client relies on in `one` and does not find in `other`, as `where: what`. */
export function schemaChanges(
  one: Node,
  other: Node,
  where: string,
  comparison: Comparison,
  seen: ReadonlySet<string> = new Set(),
): string[] {
  const pair = `${one.$ref} ${other.$ref}`;
  if (one.$ref !== undefined && seen.has(pair)) return [];
  const now = new Set([...seen, pair]);
  const old = choicesOf(one, comparison.before);
  const young = choicesOf(other, comparison.after);
  pairOnlyObjects(old, young);
  const changes: string[] = [];
  for (const [key, choice] of old) {
    const match = young.get(key);
    if (match) {
      changes.push(...choiceChanges(choice, match, where, comparison, now));
    } else if (comparison.direction === "request" || young.size === 0) {
      changes.push(`${where}: no longer takes ${key}`);
    }
  }
  if (comparison.direction === "response") {
    const added = [...young.keys()].filter((key) => !old.has(key));
    // One more object in a union of them is told apart from those that a client knows.
    for (const key of added.filter((each) => !isObject(each))) {
      changes.push(`${where}: may now be ${key}`);
    }
  }
  return changes;
}

/** The kinds of value that a schema allows, by a name that stays when the schema is moved. */
function choicesOf(schema: Node, document: Node): Map<string, Node> {
  const actual = resolve(document, schema);
  const branches = [actual.oneOf, actual.anyOf].find(Array.isArray);
  if (branches) {
    return new Map(
      branches.flatMap((branch) => [...choicesOf(branch, document)]),
    );
  }
  const types = [actual.type ?? "anything"].flat() as string[];
  const name = String(schema.$ref ?? "").split("/").at(-1);
  return new Map(
    types.map((
      type,
    ) => [type === "object" && name ? `object ${name}` : type, actual]),
  );
}

function isObject(key: string): boolean {
  return key.split(" ")[0] === "object";
}

/** Where both sides have one object, it is the same one, whatever it is called. */
function pairOnlyObjects(
  old: ReadonlyMap<string, Node>,
  young: Map<string, Node>,
): void {
  const [was, is] = [old, young].map((each) =>
    [...each.keys()].filter(isObject)
  );
  if (was!.length !== 1 || is!.length !== 1 || was![0] === is![0]) return;
  young.set(was![0]!, young.get(is![0]!)!);
  young.delete(is![0]!);
}

function choiceChanges(
  one: Node,
  other: Node,
  where: string,
  comparison: Comparison,
  seen: ReadonlySet<string>,
): string[] {
  return [
    ...enumChanges(one, other, where, comparison.direction),
    ...limitChanges(one, other, where, comparison.direction),
    ...memberChanges(one, other, where, comparison, seen),
    ...isNode(one.items) && isNode(other.items)
      ? schemaChanges(one.items, other.items, `${where}[]`, comparison, seen)
      : [],
  ];
}

function enumChanges(
  one: Node,
  other: Node,
  where: string,
  direction: Direction,
): string[] {
  if (!Array.isArray(other.enum)) return [];
  const left = new Set(other.enum);
  if (Array.isArray(one.enum)) {
    return one.enum.filter((value) => !left.has(value))
      .map((value) => `${where}: value ${JSON.stringify(value)} removed`);
  }
  return direction === "request" ? [`${where}: only certain values now`] : [];
}

/** Limits that only ever may grow in what a client writes, and those that may shrink. */
const UPPER = ["maxLength", "maximum", "maxItems", "maxProperties"];
const LOWER = ["minLength", "minimum", "minItems", "minProperties"];

function limitChanges(
  one: Node,
  other: Node,
  where: string,
  direction: Direction,
): string[] {
  const changes: string[] = [];
  if (one.format !== other.format) {
    changes.push(`${where}: format ${one.format} became ${other.format}`);
  }
  if (direction === "response") return changes;
  if (other.pattern !== undefined && one.pattern !== other.pattern) {
    changes.push(`${where}: pattern became ${other.pattern}`);
  }
  for (const [names, none, sign] of [[UPPER, Infinity, 1], [LOWER, 0, -1]]) {
    for (const name of names as string[]) {
      const was = (one[name] ?? none) as number;
      const is = (other[name] ?? none) as number;
      if ((was - is) * (sign as number) > 0) {
        changes.push(`${where}: ${name} became ${is}`);
      }
    }
  }
  return changes;
}

function memberChanges(
  one: Node,
  other: Node,
  where: string,
  comparison: Comparison,
  seen: ReadonlySet<string>,
): string[] {
  const members = (one.properties ?? {}) as Record<string, Node>;
  const left = (other.properties ?? {}) as Record<string, Node>;
  const was = new Set(one.required as string[] | undefined);
  const is = new Set(other.required as string[] | undefined);
  const changes = Object.entries(members).flatMap(([name, member]) => {
    const match = left[name];
    return match
      ? schemaChanges(member, match, `${where}.${name}`, comparison, seen)
      : [`${where}.${name}: removed`];
  });
  const [lost, word] = comparison.direction === "request"
    ? [[...is].filter((name) => !was.has(name)), "is required now"]
    : [[...was].filter((name) => !is.has(name) && left[name]), "may be absent"];
  return [...changes, ...lost.map((name) => `${where}.${name}: ${word}`)];
}
