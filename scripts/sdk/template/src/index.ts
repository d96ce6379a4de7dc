import createFetchClient, { type Client, type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";

type Schemas = components["schemas"];

/** Every problem that the API answers with (RFC 9457); `type` tells them apart. */
export type Problem = Extract<
  Schemas[keyof Schemas],
  { type: `/problems/${string}`; instance: string }
>;

export type CloisonClient = Client<paths>;

export interface ClientOptions {
  /** Where the API is, such as `https://api.clinic.example`. */
  readonly baseUrl: string;
  /** The access token, or what gives one: asked before every request. */
  readonly accessToken?: string | (() => string | Promise<string>);
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** A client of the API: one method per HTTP method, typed by path. Every `Idempotency-Key` that is missing is made. */
export function createClient(options: ClientOptions): CloisonClient {
  const { baseUrl, accessToken, fetch } = options;
  const client = createFetchClient<paths>({
    baseUrl,
    ...(fetch === undefined ? {} : { fetch }),
  });
  client.use(headers(accessToken));
  return client;
}

function headers(accessToken: ClientOptions["accessToken"]): Middleware {
  return {
    async onRequest({ request }) {
      const token = typeof accessToken === "function"
        ? await accessToken()
        : accessToken;
      if (token !== undefined && !request.headers.has("authorization")) {
        request.headers.set("authorization", `Bearer ${token}`);
      }
      if (request.method === "PATCH") {
        request.headers.set("content-type", "application/merge-patch+json");
      }
      if (
        request.method === "POST" && !request.headers.has("idempotency-key")
      ) {
        request.headers.set("idempotency-key", crypto.randomUUID());
      }
      return request;
    },
  };
}

/** What the API refused, and why. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;
  readonly response: Response;

  constructor(problem: Problem, response: Response) {
    super(`${problem.title}: ${problem.detail}`);
    this.problem = problem;
    this.response = response;
  }
}

interface Outcome<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** What an answer holds; `undefined` for one that has no body (204). */
export type Answered<Data> = [NonNullable<Data>] extends [never] ? undefined
  : NonNullable<Data>;

/**
 * The data of an answer.
 * @throws {ProblemError} when the API refused
 */
export async function unwrap<Data>(
  outcome: Promise<Outcome<Data>>,
): Promise<Answered<Data>> {
  const { data, error, response } = await outcome;
  if (response.ok) return data as Answered<Data>;
  if (isProblem(error)) throw new ProblemError(error, response);
  throw new Error(`Cannot read answer: status ${response.status}`);
}

/** Whether `value` is a problem of this API. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "type" in value &&
    typeof value.type === "string" && value.type.startsWith("/problems/");
}

interface Page<Item> {
  readonly data: readonly Item[];
  readonly page: { readonly nextCursor: string | null };
}

/**
 * Every item of a list, page by page, as they are asked for.
 * @throws {ProblemError} when the API refuses a page
 */
export async function* paginate<Item>(
  readPage: (cursor: string | undefined) => Promise<Outcome<Page<Item>>>,
): AsyncGenerator<Item, void, undefined> {
  let cursor: string | undefined;
  do {
    const { data, page } = await unwrap(readPage(cursor));
    yield* data;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
