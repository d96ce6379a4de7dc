import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type {
  DocumentedResponse,
  OpenApiDocument,
  Operation,
} from "./document.ts";

/** A response, and what it answers. */
export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What of the document an exchange exercised. */
export interface Coverage {
  readonly operation: string;
  readonly status: number;
}

export interface Verdict {
  readonly covered: Coverage | undefined;
  /** Sentences; none when the response is what the document says. */
  readonly violations: readonly string[];
}

/** What every problem tells (RFC 9457 section 3.1). */
const PROBLEM_MEMBERS = ["type", "title", "detail", "instance"];

/** Holds responses against the document that the API publishes. */
export class Contract {
  readonly #document: OpenApiDocument;
  readonly #ajv: Ajv2020;
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    this.#document = document;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    (addFormats as unknown as typeof addFormats.default)(this.#ajv as never);
    this.#ajv.addSchema(document.source as object, "document");
  }

  judge(exchange: Exchange): Verdict {
    const { pathname } = new URL(exchange.path, "http://api");
    const operations = this.#document.at(pathname);
    const method = exchange.method === "HEAD" ? "GET" : exchange.method;
    const operation = operations.find((each) => each.method === method);
    const general = generalViolations(exchange);
    if (operation) {
      return {
        covered: { operation: operation.id, status: exchange.status },
        violations: [...general, ...this.#documented(operation, exchange)],
      };
    }
    const outside = operations.length > 0 ? wrongMethod(exchange) : [];
    return { covered: undefined, violations: [...general, ...outside] };
  }

  /** What is wrong with a request body by the document; none when it may be sent. */
  bodyViolations(operation: Operation, body: unknown): string[] {
    if (!operation.body) return [];
    const { mediaType } = operation.body;
    return this.#check(
      body,
      reference(operation, "requestBody", "content", mediaType, "schema"),
    );
  }

  #documented(operation: Operation, exchange: Exchange): string[] {
    const response = operation.responses.get(exchange.status);
    if (!response) return ["the document does not have this status"];
    return [
      ...missingHeaders(response, exchange.headers),
      ...this.#content(operation, response, exchange),
    ];
  }

  #content(
    operation: Operation,
    { content }: DocumentedResponse,
    { method, status, headers, text }: Exchange,
  ): string[] {
    const type = mediaTypeOf(headers);
    if (method === "HEAD") return text === "" ? [] : ["it has a body"];
    if (!content) {
      return text === "" ? [] : ["it has a body, and the document has none"];
    }
    if (!Object.hasOwn(content, type)) {
      return [`its content type is ${type || "missing"}`];
    }
    // application/json and application/problem+json; application/x-ndjson is no JSON text.
    if (!/[/+]json$/.test(type)) return [];
    const responses = this.#pointerTo(operation, status);
    return this.#check(JSON.parse(text), {
      $ref: [responses, "content", escape(type), "schema"].join("/"),
    });
  }

  /** Where the response stands: with the operation, or among those that are shared. */
  #pointerTo(operation: Operation, status: number): string {
    const { $ref } = this.#document.raw(operation).responses[status] ?? {};
    return $ref === undefined
      ? reference(operation, "responses", String(status)).$ref
      : `document${$ref}`;
  }

  #check(value: unknown, schema: { readonly $ref: string }): string[] {
    let validate = this.#validators.get(schema.$ref);
    if (!validate) {
      validate = this.#ajv.compile(schema);
      this.#validators.set(schema.$ref, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      `#${instancePath} ${message} ${JSON.stringify(params)}`
    );
  }
}

/** What holds for every response of the API, documented or not. */
function generalViolations(
  { method, status, headers, text }: Exchange,
): string[] {
  const violations: string[] = [];
  if (!headers.has("x-request-id")) violations.push("it has no x-request-id");
  const isProblem = mediaTypeOf(headers) === "application/problem+json";
  if (status >= 400 && !isProblem) violations.push("it is no problem+json");
  if (status >= 400 && isProblem && method !== "HEAD") {
    const problem = JSON.parse(text);
    violations.push(
      ...PROBLEM_MEMBERS.filter((name) => typeof problem[name] !== "string")
        .map((name) => `its member ${name} is missing`),
    );
    if (problem.status !== status) {
      violations.push(`its member status is ${problem.status}`);
    }
  }
  if (status === 401 && !headers.has("www-authenticate")) {
    violations.push("it has no www-authenticate");
  }
  if ((status === 429 || status === 503) && !headers.has("retry-after")) {
    violations.push("it has no retry-after");
  }
  return violations;
}

function wrongMethod({ method, status, headers }: Exchange): string[] {
  const expected = method === "OPTIONS" ? 204 : 405;
  if (status !== expected) return [`the path has no ${method}`];
  return headers.has("allow") ? [] : ["it has no allow"];
}

function missingHeaders(
  { headers = {} }: DocumentedResponse,
  given: Headers,
): string[] {
  return Object.entries(headers)
    .filter(([name, { required }]) => required === true && !given.has(name))
    .map(([name]) => `it has no ${name}`);
}

function mediaTypeOf(headers: Headers): string {
  return headers.get("content-type")?.split(";")[0]?.trim() ?? "";
}

function reference(
  { path, method }: Operation,
  ...steps: string[]
): { $ref: string } {
  const pointer = ["paths", path, method.toLowerCase(), ...steps];
  return { $ref: `document#/${pointer.map((step) => escape(step)).join("/")}` };
}

/** One step of a JSON Pointer in a URI fragment (RFC 6901 section 6). */
function escape(step: string): string {
  return encodeURIComponent(
    step.replaceAll("~", "~0").replaceAll("/", "~1"),
  );
}
