import { createHash, createHmac } from "node:crypto";

/** Who may write to the store, and where it says it is. */
export interface S3Access {
  readonly keyId: string;
  readonly secret: string;
  readonly region: string;
}

/**
 * Stands in for an object store that speaks S3, as far as putting objects goes: path-style addresses, Signature Version
 * 4 in the header, payload under the signature, fifteen minutes of clock skew, errors in XML. Written after the public
 * specification alone (its own examples are the test of `signatureOf`); objects are locked: none is written over.
 */
export class S3Server implements AsyncDisposable {
  readonly objects = new Map<string, string>();
  readonly #access: S3Access;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Answered to every request instead, while it is set. */
  failing: number | undefined;

  constructor(access: S3Access) {
    this.#access = access;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async #answer(request: Request): Promise<Response> {
    const body = await request.text();
    if (this.failing !== undefined) return refuse(this.failing, "SlowDown");
    if (request.method !== "PUT") return refuse(405, "MethodNotAllowed");
    const { headers } = request;
    const [, keyId, day, region, signedHeaders, signature] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/
        .exec(headers.get("authorization") ?? "") ?? [];
    if (keyId === undefined) return refuse(403, "AccessDenied");
    if (keyId !== this.#access.keyId) return refuse(403, "InvalidAccessKeyId");
    const { secret } = this.#access;
    if (region !== this.#access.region) {
      return refuse(400, "AuthorizationHeaderMalformed");
    }
    const date = headers.get("x-amz-date") ?? "";
    if (!date.startsWith(day!) || !isNow(date)) {
      return refuse(403, "RequestTimeTooSkewed");
    }
    if (headers.get("x-amz-content-sha256") !== sha256(body)) {
      return refuse(400, "XAmzContentSHA256Mismatch");
    }
    const names = signedHeaders!.split(";");
    if (!names.includes("host") || !names.includes("x-amz-content-sha256")) {
      return refuse(403, "AccessDenied");
    }
    const expected = signatureOf(
      { method: "PUT", url: request.url, headers },
      names,
      { date, region: region!, secret },
    );
    if (signature !== expected) return refuse(403, "SignatureDoesNotMatch");
    const name = decodeURIComponent(new URL(request.url).pathname);
    if (this.objects.has(name)) return refuse(403, "AccessDenied");
    this.objects.set(name, body);
    return new Response(null, { headers: { etag: '"x"' } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Signature Version 4 of a request to S3 without a query. */
export function signatureOf(
  { method, url, headers }: {
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
  },
  names: readonly string[],
  { date, region, secret }: {
    readonly date: string;
    readonly region: string;
    readonly secret: string;
  },
): string {
  const { pathname, host } = new URL(url);
  const path = decodeURIComponent(pathname).split("/")
    .map((part) =>
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
      )
    ).join("/");
  const canonical = [
    method,
    path,
    "",
    ...names.map((name) =>
      `${name}:${name === "host" ? host : headers.get(name)!.trim()}`
    ),
    "",
    names.join(";"),
    headers.get("x-amz-content-sha256"),
  ].join("\n");
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)]
    .join("\n");
  const key = [date.slice(0, 8), region, "s3", "aws4_request"].reduce(
    (key: string | Uint8Array, part) =>
      new Uint8Array(createHmac("sha256", key).update(part).digest()),
    `AWS4${secret}`,
  );
  return createHmac("sha256", key).update(toSign).digest("hex");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** `20260102T030405Z`, fifteen minutes around now. */
function isNow(date: string): boolean {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ??
    [];
  const [year, month, day, hour, minute, second] = parts.map(Number);
  const at = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
  return Math.abs(Date.now() - at) < 900_000;
}

function refuse(status: number, code: string): Response {
  return new Response(
    `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`,
    {
      status,
      headers: { "content-type": "application/xml" },
    },
  );
}
