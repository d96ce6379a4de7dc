/** A JSON Schema, as far as the tests read it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
}

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path" | "header";
  readonly required?: boolean;
  readonly schema: Schema;
  readonly example?: unknown;
}

export interface MediaType {
  readonly schema: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value?: unknown }>>;
}

export interface DocumentedResponse {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

export interface Operation {
  readonly id: string;
  readonly summary: string;
  /** In capitals. */
  readonly method: string;
  /** With `{name}` for its parameters. */
  readonly path: string;
  /** What `x-required-permission` says; absent on a public operation. */
  readonly permission?: string;
  readonly isPublic: boolean;
  /** Of the platform: no token of a clinic opens it. */
  readonly isPlatform: boolean;
  readonly parameters: readonly Parameter[];
  readonly body?: MediaType & { readonly mediaType: string };
  readonly responses: ReadonlyMap<number, DocumentedResponse>;
}

/** Parts of an operation that may be references. */
interface RawOperation {
  readonly responses: Readonly<Record<string, { readonly $ref?: string }>>;
}

type Loose = Readonly<Record<string, unknown>>;

/** The OpenAPI document that a running API publishes. */
export class OpenApiDocument {
  readonly source: Loose;
  readonly operations: readonly Operation[];

  constructor(source: unknown) {
    this.source = source as Loose;
    this.operations = Object.entries(this.#paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([method]) => /^(get|post|put|patch|delete)$/.test(method))
        .map(([method, each]) => this.#read(method, path, each as Loose))
    );
  }

  /** The document of the API at `url`. */
  static async fetch(url: string): Promise<OpenApiDocument> {
    const response = await fetch(`${url}/openapi.json`);
    if (!response.ok) {
      throw new Error(`Cannot read the document: ${await response.text()}`);
    }
    return new OpenApiDocument(await response.json());
  }

  /** What is done in a clinic, by its people. */
  get clinicOperations(): Operation[] {
    return this.operations.filter((each) => !each.isPlatform);
  }

  /** What the people who run the platform do. */
  get platformOperations(): Operation[] {
    return this.operations.filter((each) => each.isPlatform);
  }

  /** Names of the groups of operations. */
  get tags(): string[] {
    const tags = this.source["tags"] as { readonly name: string }[];
    return tags.map(({ name }) => name);
  }

  /** What a reference stands for; anything else as it is. */
  resolve<T extends object>(value: T): T {
    const { $ref } = value as { $ref?: string };
    if ($ref === undefined) return value;
    const found = $ref.slice(2).split("/").reduce<unknown>(
      (part, step) => (part as Record<string, unknown> | undefined)?.[step],
      this.source,
    );
    if (found === undefined) throw new Error(`Cannot resolve ${$ref}`);
    return this.resolve(found as T);
  }

  operation(id: string): Operation {
    const found = this.operations.find((operation) => operation.id === id);
    if (!found) throw new Error(`Cannot find operation ${id}`);
    return found;
  }

  /** An operation as it stands in the document. */
  raw({ path, method }: Operation): RawOperation {
    return this.#paths[path]![method.toLowerCase()] as RawOperation;
  }

  /** The operations of a path, without its query. Of two templates that fit, the one with fewer parameters is meant. */
  at(path: string): Operation[] {
    const fitting = this.operations.filter((each) => matches(each.path, path))
      .sort((a, b) => parameterCount(a.path) - parameterCount(b.path));
    return fitting.filter((each) => each.path === fitting[0]?.path);
  }

  get #paths(): Record<string, Record<string, unknown>> {
    return this.source["paths"] as Record<string, Record<string, unknown>>;
  }

  #read(method: string, path: string, value: Loose): Operation {
    const { requestBody, parameters = [], responses, security } = value;
    const isPublic = Array.isArray(security) && security.length === 0;
    const permission = value["x-required-permission"] as string | undefined;
    return {
      id: value["operationId"] as string,
      summary: value["summary"] as string,
      method: method.toUpperCase(),
      path,
      isPublic,
      isPlatform: path.startsWith("/v1/platform/"),
      ...(permission === undefined ? {} : { permission }),
      parameters: (parameters as Parameter[]).map((each) => this.resolve(each)),
      ...(requestBody ? { body: this.#body(requestBody) } : {}),
      responses: new Map(
        Object.entries(responses as Record<string, DocumentedResponse>)
          .map(([status, each]) => [Number(status), this.resolve(each)]),
      ),
    };
  }

  #body(value: object): NonNullable<Operation["body"]> {
    const { content } = this.resolve(value) as {
      content: Record<string, MediaType>;
    };
    const [entry] = Object.entries(content);
    if (!entry) throw new Error("Cannot read a body without a media type");
    return { mediaType: entry[0], ...entry[1] };
  }
}

function parameterCount(path: string): number {
  return path.split("{").length - 1;
}

function matches(template: string, path: string): boolean {
  const steps = template.split("/");
  const given = path.split("/");
  return steps.length === given.length &&
    steps.every((step, n) => step.startsWith("{") || step === given[n]);
}
