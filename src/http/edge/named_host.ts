import { AppError } from "../../kernel/errors.ts";

/** A name, an IPv4 address, an IPv6 address in brackets, or nothing; then perhaps a port (RFC 9110 section 7.2). */
const HOST = /^(?:[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

/**
 * Refuses a request whose Host is no host (RFC 9112 section 3.2). The server makes the URL of a request out of it: with a
 * slash in it, another path would be answered than the one that a proxy in front has seen.
 */
export class HostNames {
  /** The last one that was found good: most requests have the same. */
  #good: string | undefined;

  /** @throws {AppError} `malformed-request` */
  require({ headers, url }: Request): void {
    const host = headers.get("host");
    if (host !== null && host === this.#good) return;
    if ((host !== null && !HOST.test(host)) || !URL.canParse(url)) {
      throw new AppError("malformed-request", "Host does not name a host");
    }
    if (host !== null) this.#good = host;
  }
}
