import { deepEqual, equal } from "node:assert/strict";
import type { StaffRole } from "../../src/kernel/permissions.ts";
import { type Recorder, recorder } from "./recorder.ts";
import { emailOf, type TestClinic, type World } from "./world.ts";

// deno-lint-ignore no-explicit-any
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Json;
}

export interface RequestOptions {
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that takes longer never comes: the test fails instead of waiting with it. */
const MAX_ANSWER_MS = 60_000;

/** A REST client of one clinic, as one person. */
export class Client {
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #recorder: Recorder;

  constructor(url: string, token?: string, records: Recorder = recorder) {
    this.#url = url;
    this.#token = token;
    this.#recorder = records;
  }

  get token(): string {
    return this.#token ?? "";
  }

  get(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.send("GET", path, headers ? { headers } : {});
  }

  post(
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return this.send("POST", path, { body, headers });
  }

  patch(path: string, body: unknown, ifMatch?: string): Promise<Answer> {
    return this.send("PATCH", path, {
      raw: JSON.stringify(body),
      headers: {
        "content-type": "application/merge-patch+json",
        ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
      },
    });
  }

  async send(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<Answer> {
    const headers = new Headers();
    if (this.#token !== undefined) {
      headers.set("authorization", `Bearer ${this.#token}`);
    }
    if (options.body !== undefined) {
      headers.set("content-type", "application/json");
    }
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      headers.set(name, value);
    }
    const body = options.raw ??
      (options.body === undefined ? null : JSON.stringify(options.body));
    const signal = AbortSignal.timeout(MAX_ANSWER_MS);
    const response = await fetch(this.#url + path, {
      method,
      headers,
      body,
      signal,
    });
    const text = await response.text();
    const { status, headers: received } = response;
    await this.#recorder.record(
      this.#url,
      { method, path, status, headers: received, text },
    );
    const isJson = text !== "" &&
      /[/+]json\b/.test(received.get("content-type") ?? "");
    return {
      status,
      headers: received,
      text,
      body: isJson ? JSON.parse(text) : text,
    };
  }
}

export async function logIn(
  world: World,
  clinic: TestClinic,
  role: StaffRole = "admin",
): Promise<Client> {
  const answer = await new Client(world.url).post("/v1/auth/login", {
    clinic: clinic.slug,
    email: emailOf(role),
    password: clinic.password,
  });
  equal(answer.status, 200, JSON.stringify(answer.body));
  return new Client(world.url, answer.body.accessToken);
}

/** Asserts that an answer is the problem `code`, well-formed by RFC 9457. */
export function assertProblem(
  answer: Answer,
  status: number,
  code: string,
): void {
  equal(answer.status, status, JSON.stringify(answer.body));
  equal(answer.headers.get("content-type"), "application/problem+json");
  equal(answer.body.type, `/problems/${code}`);
  equal(answer.body.status, status);
  equal(
    answer.body.instance,
    `urn:request:${answer.headers.get("x-request-id")}`,
  );
}

/** Everything of a problem but what is of the one request. */
export function withoutInstance(answer: Answer): Json {
  const { instance: _instance, ...rest } = answer.body;
  return rest;
}

export function assertSameProblem(one: Answer, other: Answer): void {
  deepEqual(withoutInstance(one), withoutInstance(other));
  equal(one.status, other.status);
}
