import { Hono } from "hono";
import type { OpenApiDocument } from "./openapi.ts";
import { AppError, ERROR_CODES, type ErrorCode } from "../../kernel/errors.ts";
import { createHash, randomBytes } from "node:crypto";
import { PROBLEM_PAGE_POLICY, problemPage } from "./problem_page.ts";
import { acceptable } from "../edge/acceptable.ts";
import { matchesTag } from "../etag.ts";
import { docsPage, docsPolicy } from "./docs_page.ts";
import { scalarScript } from "./scalar.ts";

const SCRIPT_PATH = "/docs/scalar.js";

/** The document, the page that shows it, and a page for every problem. Nothing of it comes from another host. */
export function documentRoutes(document: () => OpenApiDocument): Hono {
  const docs = new Hono();
  let published: { readonly text: string; readonly etag: string } | undefined;

  docs.get("/openapi.json", acceptable(["application/json"]), (c) => {
    published ??= publish(document());
    c.header("etag", published.etag);
    c.header("cache-control", "no-cache");
    if (matchesTag(c.req.header("if-none-match"), published.etag)) {
      return c.body(null, 304);
    }
    return c.body(published.text, 200, { "content-type": "application/json" });
  });

  docs.get("/docs", acceptable(["text/html"]), async (c) => {
    const nonce = randomBytes(16).toString("base64");
    const { version } = await scalarScript();
    c.header("content-security-policy", docsPolicy(nonce));
    return c.html(docsPage(nonce, `${SCRIPT_PATH}?v=${version}`));
  });

  docs.get(SCRIPT_PATH, async (c) => {
    const script = await scalarScript();
    const gzip = acceptsGzip(c.req.header("accept-encoding"));
    // Two representations of one resource must not share a tag (RFC 9110 section 8.8.3.3).
    const etag = gzip ? `"${script.version}-gzip"` : `"${script.version}"`;
    c.header("etag", etag);
    c.header("vary", "accept-encoding");
    c.header(
      "cache-control",
      c.req.query("v") === script.version
        ? "public, max-age=31536000, immutable"
        : "no-cache",
    );
    if (matchesTag(c.req.header("if-none-match"), etag)) {
      return c.body(null, 304);
    }
    c.header("content-type", "text/javascript; charset=utf-8");
    if (!gzip) return c.body(script.text);
    c.header("content-encoding", "gzip");
    return c.body(await script.gzip());
  });

  docs.get("/problems/:code", acceptable(["text/html"]), (c) => {
    const code = c.req.param("code") as ErrorCode;
    if (!ERROR_CODES.includes(code)) {
      throw new AppError("not-found", "There is no such problem");
    }
    c.header("content-security-policy", PROBLEM_PAGE_POLICY);
    return c.html(problemPage(code));
  });

  return docs;
}

function publish(document: OpenApiDocument): { text: string; etag: string } {
  const text = JSON.stringify(document);
  const hash = createHash("sha256").update(text).digest("base64url");
  return { text, etag: `"${hash.slice(0, 22)}"` };
}

function acceptsGzip(header = ""): boolean {
  return header.split(",").some((item) =>
    /^(gzip|\*)(;q=(1|1\.0*|0\.\d*[1-9]\d*))?$/i.test(
      item.replaceAll(/\s/g, ""),
    )
  );
}
