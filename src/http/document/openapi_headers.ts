import { isNode, type Node, type Operation, refer } from "./openapi_nodes.ts";

/** Headers of responses that are the same everywhere, by the name that they are sent with. */
export const HEADERS: Readonly<Record<string, Node>> = {
  "X-Request-Id": {
    description: "Id of the request: the client's own, or one made here",
    schema: {
      type: "string",
      pattern: "^[A-Za-z0-9._-]+$",
      minLength: 1,
      maxLength: 128,
    },
    required: true,
    example: "01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b",
  },
  "RateLimit": {
    description:
      "What is left, by policy: `r` requests, full again after `t` seconds. Once the request has been counted",
    schema: { type: "string", pattern: '^"', maxLength: 500 },
    example: '"clinic";r=599;t=60',
  },
  "RateLimit-Policy": {
    description: "What there is, by policy: `q` requests in `w` seconds",
    schema: { type: "string", pattern: '^"', maxLength: 500 },
    example: '"clinic";q=600;w=60',
  },
  "Access-Control-Allow-Origin": {
    description:
      "The origin of the web page that asks, if this API's operator allows it; absent otherwise",
    schema: { type: "string", format: "uri", maxLength: 500 },
    example: "https://app.clinic.example",
  },
  "WWW-Authenticate": {
    description: "How to authenticate (RFC 6750)",
    schema: { type: "string", pattern: "^Bearer ", maxLength: 500 },
    example: 'Bearer realm="cloison", error="invalid_token"',
  },
  "Accept-Patch": {
    description: "To a PATCH: the media types that it reads (RFC 5789)",
    schema: { type: "string", pattern: "^[a-z]+/", maxLength: 500 },
    example: "application/merge-patch+json",
  },
  "Accept-Post": {
    description: "To anything else: the media types that it reads",
    schema: { type: "string", pattern: "^[a-z]+/", maxLength: 500 },
    example: "application/json",
  },
  "Retry-After": {
    description: "Seconds to wait before trying again",
    schema: {
      type: "integer",
      format: "int32",
      minimum: 1,
      maximum: 86_400,
    },
    example: 5,
  },
};

/** Every response has these. */
const EVERYWHERE = [
  "X-Request-Id",
  "RateLimit",
  "RateLimit-Policy",
  "Access-Control-Allow-Origin",
];

const CANONICAL: ReadonlyMap<string, string> = new Map(
  [...Object.keys(HEADERS), "ETag", "Location", "Link"]
    .map((name) => [name.toLowerCase(), name]),
);

/** References to the shared headers of a response: those that every response has, and `more`. */
export function sharedHeaders(more: readonly string[] = []): Node {
  return Object.fromEntries(
    [...more, ...EVERYWHERE].map((name) => [name, refer("headers", name)]),
  );
}

/** Gives each response of an operation its shared headers, and moves headers that repeat into `components`. */
export function finishHeaders(
  operation: Operation,
  components: Record<string, Node>,
): void {
  for (const response of Object.values(operation.responses)) {
    if (response.$ref !== undefined) continue;
    const own = Object.entries((response.headers ?? {}) as Node)
      .map(([name, header]): [string, Node] => [
        CANONICAL.get(name.toLowerCase()) ?? titleCase(name),
        tidy(header as Node),
      ])
      .map(([name, header]) => [name, shared(name, header, components)]);
    response.headers = { ...Object.fromEntries(own), ...sharedHeaders() };
  }
}

/** The library says description and example twice: in the schema, and around it. */
export function tidy(node: Node): Node {
  const { schema, ...rest } = node;
  if (!isNode(schema)) return node;
  const { description, example: given, ...bare } = schema;
  const [only] = Array.isArray(schema.enum) ? schema.enum : [];
  const example = given ?? only;
  return {
    ...rest,
    description: rest.description ?? description,
    schema: bare,
    ...(example === undefined ? {} : { example }),
  };
}

function shared(
  name: string,
  header: Node,
  components: Record<string, Node>,
): Node {
  const known = components[name] ??= header;
  return JSON.stringify(known) === JSON.stringify(header)
    ? refer("headers", name)
    : header;
}

function titleCase(name: string): string {
  return name.split("-").map((word) =>
    word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()
  ).join("-");
}
