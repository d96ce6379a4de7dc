import fc from "fast-check";
import { type Node, resolve } from "../../src/http/document/openapi_nodes.ts";

type Value = fc.Arbitrary<unknown>;

/** Text of any kind, with what tends to go wrong in it. Well-formed: JSON in UTF-8 can hold no other. */
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 130 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ unit: "grapheme-ascii", maxLength: 300 }),
  fc.constantFrom(
    "",
    " ",
    "\0",
    "a\0b",
    "\t a \n",
    " Zoë\u00a0Marie\u3000",
    "a\r\nb",
    "\u202eevil",
    "TA < 120/80 > 70",
    "😀".repeat(51),
    "😀".repeat(100),
    "😀".repeat(101),
    "2026-02-29",
    "0000-01-01",
    "1849-12-31",
    "1850-01-01",
    "2099-12-31",
    "2100-01-01",
    "2 95 10 99 126 111 93",
    "295109912611193",
    "295109912611194",
    "+33639981234",
    "zoe@exa_mple.org",
    "zoe..le@example.org",
    "zoe@example.org",
    "01981E5C-7D2A-7C3E-9B1F-2A4D6E8F0A1B",
    "urn:uuid:01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b",
  ),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.date({
    noInvalidDate: true,
    min: new Date("1800-01-01"),
    max: new Date("2150-01-01"),
  }).map((date) => date.toISOString().slice(0, 10)),
);

/** Hexadecimal digits in groups: of any version and variant, or of none. */
const guids = fc.stringMatching(
  /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/,
);

const anything: Value = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.constantFrom(null, true, 0, -1, 1.5, 101, {}, [], [null]),
);

/** Values that a schema of the document describes, and values that nearly are. */
export function valuesOf(document: Node, schema: Node): Value {
  const actual = resolve(document, schema);
  const branches = branchesOf(actual);
  if (branches.length > 0) {
    return fc.oneof(...branches.map((each) => valuesOf(document, each)));
  }
  if (actual.type === "object") return spoiled(document, actual);
  return fc.oneof({ weight: 3, arbitrary: fitting(document, actual) }, {
    weight: 1,
    arbitrary: anything,
  });
}

function branchesOf(schema: Node): Node[] {
  return ([schema.oneOf, schema.anyOf].find(Array.isArray) ?? []) as Node[];
}

/** Mostly what the schema describes. */
function fitting(document: Node, schema: Node): Value {
  const actual = resolve(document, schema);
  const branches = branchesOf(actual);
  if (branches.length > 0) {
    return fc.oneof(...branches.map((each) => fitting(document, each)));
  }
  if (Array.isArray(actual.enum)) return fc.constantFrom(...actual.enum);
  switch (actual.type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({
        min: actual.minimum as number,
        max: actual.maximum as number,
      });
    case "array":
      return fc.array(fitting(document, actual.items as Node), {
        minLength: actual.minItems as number ?? 0,
        maxLength: 5,
      });
    case "object":
      return complete(document, actual);
    default:
      return fc.oneof(...texts(actual));
  }
}

/** Examples, and text of the schema's own pattern where the generator can read it. */
function texts({ pattern, examples = [], format, maxLength }: Node): Value[] {
  const given = examples as unknown[];
  const matching = typeof pattern === "string" && !pattern.includes("(?=") &&
      format === undefined
    ? fc.stringMatching(new RegExp(pattern, "u"), { size: "-1" })
      .filter((value) => [...value].length <= (maxLength as number))
    : undefined;
  if (format === "uuid") return [guids];
  if (given.length > 0) {
    return [fc.constantFrom(...given), ...matching ? [matching] : []];
  }
  return [matching ?? text];
}

function complete(document: Node, schema: Node): Value {
  const members = Object.entries(schema.properties as Record<string, Node>);
  return fc.record(
    Object.fromEntries(
      members.map(([name, member]) => [name, fitting(document, member)]),
    ),
    { requiredKeys: [...(schema.required ?? []) as string[]] },
  );
}

/** Objects, half of them with one member that is off: another value, or absent, or unknown. */
function spoiled(document: Node, schema: Node): Value {
  const whole = complete(document, schema) as fc.Arbitrary<Node>;
  const members = Object.entries(schema.properties as Record<string, Node>);
  const off = fc.oneof(
    ...members.map(([name, member]) =>
      fc.tuple(
        fc.constant(name),
        fc.oneof(edges(document, member), anything, fc.constant(undefined)),
      )
    ),
    fc.tuple(fc.constantFrom("x", "id", "clinicId"), anything),
  );
  return fc.oneof(
    whole,
    fc.tuple(whole, off).map(([value, [name, other]]) => ({
      ...value,
      [name]: other,
    })),
  );
}

/** Values at the limits of a schema, on both sides. */
function edges(document: Node, schema: Node): Value {
  const actual = resolve(document, schema);
  const branches = branchesOf(actual);
  if (branches.length > 0) return edges(document, branches[0]!);
  const { minimum, maximum, maxLength } = actual as Record<string, number>;
  if (actual.type === "integer") {
    return fc.constantFrom(
      minimum! - 1,
      minimum,
      maximum,
      maximum! + 1,
      minimum! + 0.5,
    );
  }
  if (maxLength === undefined) return anything;
  const lengths = fc.constantFrom(maxLength - 1, maxLength, maxLength + 1);
  return fc.tuple(fc.constantFrom("a", "é", "😀", " "), lengths)
    .map(([unit, length]) => unit.repeat(length));
}
