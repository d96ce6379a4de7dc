import { Hono } from "hono";
import type { Clock } from "../../kernel/clock.ts";
import { AppError } from "../../kernel/errors.ts";
import { acceptable } from "../edge/acceptable.ts";

export const LINKSET = "application/linkset+json";

const CATALOG_PATH = "/.well-known/api-catalog";
/** A reader must not believe the file for longer (RFC 9116 section 2.5.5). */
const CONTACT_DAYS = 180;
const DAY_MS = 86_400_000;

export interface WellKnownOptions {
  readonly publicUrl: string;
  /** URL of who hears of weaknesses; undefined where nobody was named. */
  readonly securityContact: string | undefined;
  readonly clock: Clock;
}

/** What programs and people look for who know nothing of this API but its address. */
export function wellKnownRoutes(options: WellKnownOptions): Hono {
  const { publicUrl, securityContact, clock } = options;
  const routes = new Hono();

  /** RFC 9727, in the form of RFC 9264. */
  routes.get(CATALOG_PATH, acceptable([LINKSET]), (c) => {
    const catalog = {
      linkset: [{
        anchor: `${publicUrl}/v1`,
        "service-desc": [
          { href: `${publicUrl}/openapi.json`, type: "application/json" },
        ],
        "service-doc": [{ href: `${publicUrl}/docs`, type: "text/html" }],
        status: [{ href: `${publicUrl}/readyz`, type: "application/json" }],
      }],
    };
    return c.body(JSON.stringify(catalog), 200, {
      "content-type":
        `${LINKSET}; profile="https://www.rfc-editor.org/info/rfc9727"`,
      "cache-control": "no-cache",
      "link": `<${CATALOG_PATH}>; rel="api-catalog"`,
    });
  });

  /** RFC 9116. */
  routes.get("/.well-known/security.txt", acceptable(["text/plain"]), (c) => {
    if (securityContact === undefined) {
      throw new AppError("not-found", "No contact was named");
    }
    const expires = new Date(clock() + CONTACT_DAYS * DAY_MS).toISOString();
    return c.text([
      `Contact: ${securityContact}`,
      `Expires: ${expires}`,
      "Preferred-Languages: fr, en",
      `Canonical: ${publicUrl}/.well-known/security.txt`,
      "",
    ].join("\n"));
  });

  return routes;
}
