// deno-lint-ignore no-explicit-any
export type Json = any;

/** Who makes demo data, and where. */
export interface DemoLogin {
  /** The API's address. */
  readonly api: string;
  readonly clinic: string;
  readonly email: string;
  readonly password: string;
  readonly signal: AbortSignal;
}

const TRIES = 6;

/** The API, as one of a demo clinic's staff uses it. */
export class DemoApi {
  readonly #login: DemoLogin;
  #accessToken: string | undefined;

  private constructor(login: DemoLogin) {
    this.#login = login;
  }

  /** @throws {Error} with the API's own words, when it refuses the log-in */
  static async open(login: DemoLogin): Promise<DemoApi> {
    const api = new DemoApi(login);
    const { clinic, email, password } = login;
    const session = await api.post("/v1/auth/login", {
      clinic,
      email,
      password,
    });
    api.#accessToken = session.accessToken;
    return api;
  }

  get(path: string): Promise<Json> {
    return this.#send("GET", path, undefined, {});
  }

  post(path: string, body?: unknown): Promise<Json> {
    return this.#send("POST", path, body, {});
  }

  /** Changes what was read: `resource` has the version. */
  change(
    method: "POST" | "PUT" | "PATCH",
    path: string,
    resource: { readonly version: number },
    body?: unknown,
  ): Promise<Json> {
    return this.#send(method, path, body, {
      "if-match": `"${resource.version}"`,
    });
  }

  async #send(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<Json> {
    const { api, signal } = this.#login;
    for (let i = 1;; i++) {
      const response = await fetch(`${api}${path}`, {
        method,
        headers: this.#headers(method, body, headers),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      });
      const text = await response.text();
      if (response.ok) return text === "" ? undefined : JSON.parse(text);
      const wait = Number(response.headers.get("retry-after"));
      const busy = response.status === 429 || response.status === 503;
      if (!busy || i === TRIES) {
        throw new Error(
          `Cannot add demo data: ${method} ${path} answered ${response.status} ${text}`,
        );
      }
      await sleep(Math.max(wait, 0.2) * 1000, signal);
    }
  }

  #headers(
    method: string,
    body: unknown,
    more: Record<string, string>,
  ): Record<string, string> {
    const type = method === "PATCH"
      ? "application/merge-patch+json"
      : "application/json";
    return {
      ...(body === undefined ? {} : { "content-type": type }),
      ...(this.#accessToken === undefined
        ? {}
        : { authorization: `Bearer ${this.#accessToken}` }),
      ...more,
    };
  }
}

/** Works on all items, so many at a time. */
export async function eachOf<T>(
  items: Iterable<T>,
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  // Shared by all workers: each takes the next one.
  const rest = items[Symbol.iterator]();
  async function worker(): Promise<void> {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      await work(next.value);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker));
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
  signal.throwIfAborted();
}
