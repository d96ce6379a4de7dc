import { ERROR_CODES, type ErrorCode } from "../../kernel/errors.ts";
import { sharedHeaders } from "./openapi_headers.ts";
import { type Node, type Operation, refer } from "./openapi_nodes.ts";
import { problemSchemaOf } from "./problem_schemas.ts";
import { PROBLEMS } from "../problem.ts";
import { EXAMPLE_ID } from "../schemas.ts";

/** Names of the shared responses, by status. */
const RESPONSE_NAMES: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  406: "NotAcceptable",
  408: "RequestTimeout",
  409: "Conflict",
  412: "PreconditionFailed",
  413: "ContentTooLarge",
  414: "UriTooLong",
  415: "UnsupportedMediaType",
  422: "UnprocessableContent",
  428: "PreconditionRequired",
  429: "TooManyRequests",
  431: "RequestHeaderFieldsTooLarge",
  500: "InternalServerError",
  503: "ServiceUnavailable",
};

const MORE_HEADERS: Readonly<Record<number, readonly string[]>> = {
  401: ["WWW-Authenticate"],
  403: ["WWW-Authenticate"],
  415: ["Accept-Patch", "Accept-Post"],
  409: ["Retry-After"],
  429: ["Retry-After"],
  503: ["Retry-After"],
};

/** What an example of a problem has besides what every problem has. */
const EXAMPLE_MEMBERS: Partial<Readonly<Record<ErrorCode, Node>>> = {
  "permission-denied": { permission: "patients.archive" },
  "unsupported-media-type": { accepted: ["application/json"] },
  "duplicate": { candidate: EXAMPLE_ID },
  "invalid-transition": { state: "signed", allowed: ["withdrawn"] },
  "reflection-period": { acceptableFrom: "2026-04-13" },
  "credit-exceeds-remaining": { mostCents: 12_000 },
  "payment-exceeds-due": { mostCents: 12_000 },
  "booking-conflict": {
    conflicts: [{ appointmentId: EXAMPLE_ID, practitionerId: EXAMPLE_ID }],
  },
  "too-many-requests": { violatedPolicies: ["clinic"] },
  "invalid-request": {
    errors: [{
      pointer: "#/givenNames",
      code: "too-small",
      detail: "must not be blank",
    }],
  },
};

/** The shared responses that `operations` refer to: one for each status, with an example for each problem. */
export function problemResponses(
  operations: readonly Operation[],
): Record<string, Node> {
  const statuses = new Set(
    operations.flatMap(({ responses }) =>
      Object.entries(responses)
        .filter(([, response]) => response.$ref !== undefined)
        .map(([status]) => status)
    ),
  );
  return Object.fromEntries(
    Object.entries(RESPONSE_NAMES)
      .filter(([status]) => statuses.has(status))
      .map(([status, name]) => [name, responseOf(Number(status))]),
  );
}

function responseOf(status: number): Node {
  const codes = ERROR_CODES.filter((code) => PROBLEMS[code].status === status);
  return {
    description: codes.map((code) => PROBLEMS[code].title).join(", or: "),
    headers: sharedHeaders(MORE_HEADERS[status] ?? []),
    content: {
      "application/problem+json": {
        schema: schemaOf(codes),
        examples: Object.fromEntries(
          codes.map((code) => [code, exampleOf(code)]),
        ),
      },
    },
  };
}

/** Puts a reference to the shared response for every problem that the operation declares, and lists their codes. */
export function addProblems(operation: Operation): void {
  const codes = new Set(operation["x-problems"] as readonly ErrorCode[]);
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    const name = RESPONSE_NAMES[status];
    if (!name) throw new Error(`Cannot document status ${status}`);
    operation.responses[status] ??= refer("responses", name);
  }
  // What the route was declared with, and no member of OpenAPI.
  for (const key of ["problems", "idempotent"]) delete operation[key];
  operation["x-problems"] = ERROR_CODES.filter((code) => codes.has(code));
}

/** One component, or several that `type` tells apart. */
function schemaOf(codes: readonly ErrorCode[]): Node {
  const names = [...new Set(codes.map(problemSchemaOf))].sort();
  const [only] = names;
  if (names.length === 1) return refer("schemas", only!);
  const mapped = ERROR_CODES.filter((code) =>
    names.includes(problemSchemaOf(code))
  );
  return {
    oneOf: names.map((name) => refer("schemas", name)),
    discriminator: {
      propertyName: "type",
      mapping: Object.fromEntries(
        mapped.map((code) => [
          `/problems/${code}`,
          `#/components/schemas/${problemSchemaOf(code)}`,
        ]),
      ),
    },
  };
}

function exampleOf(code: ErrorCode): Node {
  const { title, status, explanation } = PROBLEMS[code];
  return {
    summary: title,
    description: explanation,
    value: {
      type: `/problems/${code}`,
      title,
      status,
      detail: explanation.split(". ")[0],
      instance: `urn:request:${EXAMPLE_ID}`,
      ...EXAMPLE_MEMBERS[code],
    },
  };
}
