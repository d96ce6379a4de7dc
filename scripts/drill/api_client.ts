import type { ClinicArtefacts } from "./artefacts.ts";
import type { Entities } from "./entities.ts";
import type { KnownAccount } from "./target.ts";

// deno-lint-ignore no-explicit-any
export type Json = any;

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Json;
}

export interface ApiRequest {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a log-in gave. */
export interface Tokens {
  readonly access: string;
  readonly refresh: string | undefined;
}

/** A clinic with somebody logged in. */
export interface LoggedIn extends ClinicArtefacts {
  readonly account: KnownAccount;
  readonly tokens: Tokens;
  /** What there is to ask for. */
  readonly entities: Entities;
}

/** Of what says when to come again: too many requests, and a machine that has too much to do. */
const TRIES: Readonly<Record<number, number>> = { 429: 8, 503: 4 };
/** The longest window of a limit that a drill can meet, in seconds. */
const LONGEST_WAIT = 60;

/** Sends a request, and again when the answer says that it may be answered later. */
export async function ask(
  api: string,
  path: string,
  request: ApiRequest = {},
): Promise<ApiAnswer> {
  const { method = "GET", token, body } = request;
  const headers = new Headers(request.headers);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  if (body !== undefined && !headers.has("content-type")) {
    headers.set("content-type", "application/json");
  }
  for (let i = 1;; i++) {
    const response = await fetch(`${api}${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    const seconds = Number(response.headers.get("retry-after") ?? Infinity);
    const tries = TRIES[response.status] ?? 1;
    if (seconds <= LONGEST_WAIT && i < tries) {
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      continue;
    }
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: parse(text, response.headers),
    };
  }
}

/** @throws {Error} when it is refused */
export async function logIn(
  api: string,
  { clinic, email, password }: KnownAccount,
): Promise<Tokens> {
  const answer = await ask(api, "/v1/auth/login", {
    method: "POST",
    body: { clinic, email, password },
  });
  if (answer.status !== 200) {
    throw new Error(
      `Cannot log in to ${clinic}: ${answer.status} ${answer.body?.detail}`,
    );
  }
  const { accessToken, refreshToken } = answer.body;
  return { access: accessToken, refresh: refreshToken };
}

function parse(text: string, headers: Headers): Json {
  const type = headers.get("content-type") ?? "";
  if (!/^application\/([a-z-]+\+)?json\b/.test(type) || text === "") return {};
  return JSON.parse(text);
}

/** Too many requests, or an error: it says nothing of who may what. */
export function isSilent({ status }: ApiAnswer): boolean {
  return status === 429 || status >= 500;
}
