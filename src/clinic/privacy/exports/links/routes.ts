import type { OpenAPIHono } from "@hono/zod-openapi";
import type { PublicEnv } from "../../../../http/env.ts";
import type { RateLimits } from "../../../../http/limits/rate_limits.ts";
import { publicRouter } from "../../../../http/router.ts";
import type { ClinicGate } from "../../../../tenancy/clinic_gate.ts";
import * as declared from "./declarations.ts";
import { fetchArchive } from "./fetch.ts";

export interface ExportLinkDependencies {
  readonly gate: ClinicGate;
  readonly limits: RateLimits;
}

/** What patients do by a link, without an account. */
export function exportLinkRoutes(
  { gate, limits }: ExportLinkDependencies,
): OpenAPIHono<PublicEnv> {
  const router = publicRouter();

  router.openapi(declared.fetchExport, async (c) => {
    const { token } = c.req.valid("json");
    // A link that is right does not count; those who try others are held off like those who guess passwords.
    const { sizeBytes, madeAt, pieces } = await limits.logins.attempt(
      c,
      { clinic: "export-links", email: token },
      () => fetchArchive(gate, token, c.var.origin),
    );
    return c.body(ReadableStream.from(pieces()), 200, {
      "content-type": "application/zip",
      "content-length": String(sizeBytes),
      "content-disposition": `attachment; filename="export-${
        madeAt.slice(0, 10)
      }.zip"`,
    });
  });

  return router;
}
