import type { RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../kernel/errors.ts";
import type { ClinicEnv } from "./env.ts";
import { refuseOtherClinic } from "./guard.ts";
import { excessOf, hasDuplicateMembers, type JsonExcess } from "./json_text.ts";
import { readBody } from "./limits/read_body.ts";
import { parseMediaType } from "./media_type.ts";

type Shape = Pick<RouteConfig, "request">;

const BOUNDS = { depth: 32, items: 1_000 };

const EXCESSES: Readonly<Record<JsonExcess, string>> = {
  "too-deep": `must not be nested deeper than ${BOUNDS.depth} levels`,
  "too-many-items":
    `must not have more than ${BOUNDS.items} items in one array or object`,
};

/**
 * Refuses a query that is no percent-encoded UTF-8, which would be taken as it stands, and query parameters on a route that
 * declares none; one that declares some has a strict schema.
 */
export function queryCheck(route: Shape): (c: Context) => void {
  const declared = route.request?.query !== undefined;
  return (c) => {
    const { url } = c.req;
    if (!url.includes("?")) return;
    if (!isDecodable(url)) {
      throw new AppError(
        "malformed-request",
        "The query is not percent-encoded UTF-8",
      );
    }
    if (!declared) {
      const names = Object.keys(c.req.query());
      if (names.length > 0) throw unknownParameters(names);
    }
  };
}

function isDecodable(url: string): boolean {
  const start = url.indexOf("?");
  if (start === -1 || !url.includes("%", start)) return true;
  try {
    decodeURIComponent(url.slice(start));
    return true;
  } catch {
    return false;
  }
}

/** Checks media type, size, well-formedness and depth of a body, before any schema sees it. */
export function bodyCheck(
  route: Shape,
): ((c: Context<ClinicEnv>) => Promise<void>) | undefined {
  const content = route.request?.body?.content;
  if (!content) return undefined;
  const accepted = Object.keys(content);
  return async (c) => {
    const type = requireMediaType(c.req.header("content-type"), accepted);
    if (c.req.header("content-encoding") !== undefined) {
      throw new AppError(
        "unsupported-media-type",
        "The body must not have a Content-Encoding",
        { extensions: { accepted } },
      );
    }
    const text = await readBody(c, c.var.bodyMilliseconds);
    // Where Hono keeps a body that was read: validators find it there.
    Object.assign(c.req.bodyCache, { text: Promise.resolve(text) });
    showPlainType(c, type);
    checkJson(c, text);
  };
}

function checkJson(c: Context<ClinicEnv>, text: string): void {
  const value = parseJson(text);
  const excess = excessOf(value, BOUNDS);
  if (excess) {
    throw new AppError("invalid-request", "The request is not valid", {
      violations: [{ pointer: "#", code: excess, detail: EXCESSES[excess] }],
    });
  }
  if (hasDuplicateMembers(text)) {
    throw new AppError(
      "malformed-request",
      "The body has an object with the same member twice",
    );
  }
  const { actor } = c.var;
  if (actor?.kind === "staff" && typeof value === "object" && value !== null) {
    const { clinicId } = value as { clinicId?: unknown };
    refuseOtherClinic(clinicId, { id: actor.clinicId });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError(
      "malformed-request",
      text === "" ? "The body is missing" : "The body is not valid JSON",
      { cause },
    );
  }
}

/** @returns the one of `accepted` that the body is in */
function requireMediaType(
  header: string | undefined,
  accepted: readonly string[],
): string {
  const { type = "", charsets = [] } = parseMediaType(header ?? "") ?? {};
  const isUtf8 = charsets.every((charset) => /^utf-?8$/.test(charset));
  if (accepted.includes(type) && isUtf8) return type;
  throw new AppError(
    "unsupported-media-type",
    `The body must be ${accepted.join(" or ")}, in UTF-8`,
    { extensions: { accepted } },
  );
}

/**
 * The library's own check, which comes next, refuses ways to write a Content-Type that are right, such as a space before
 * the semicolon. The body was read already.
 */
function showPlainType(c: Context<ClinicEnv>, type: string): void {
  const { url, method } = c.req.raw;
  const headers = new Headers(c.req.raw.headers);
  if (headers.get("content-type") === type) return;
  headers.set("content-type", type);
  c.req.raw = new Request(url, { method, headers });
}

function unknownParameters(names: readonly string[]): AppError {
  return new AppError("invalid-request", "The request is not valid", {
    violations: names.map((parameter) => ({
      parameter,
      code: "unknown-parameter",
      detail: "is not a parameter of this operation",
    })),
  });
}
