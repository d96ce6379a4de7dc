import { Hono } from "hono";
import type { TokenPublicJwk } from "../../crypto/token_keys.ts";
import { AppError } from "../../kernel/errors.ts";
import { isUuid } from "../../kernel/ids.ts";
import type { ClinicDirectory } from "../../tenancy/directory/clinic_directory.ts";

/** Shorter than the overlap of a rotation: whoever keeps a copy learns a new key before it signs alone. */
const MAX_AGE_SECONDS = 300;

/** The keys of an issuer that is no clinic. */
export interface PublicKeys {
  current(): Promise<{ readonly publicJwks: readonly TokenPublicJwk[] }>;
}

/**
 * The public keys that sign a clinic's access tokens (RFC 7517). One clinic at a time: a list of all keys would be a list
 * of all clinics. `?issuer=platform` instead gives those of the platform, where it is served.
 */
export function keyRoutes(
  directory: Pick<ClinicDirectory, "byId">,
  platform?: PublicKeys,
): Hono {
  const routes = new Hono();
  routes.get("/.well-known/jwks.json", async (c) => {
    if (platform && c.req.query("issuer") === "platform") {
      const { publicJwks } = await platform.current();
      c.header("cache-control", `public, max-age=${MAX_AGE_SECONDS}`);
      return c.json({ keys: publicJwks });
    }
    const id = c.req.query("clinic");
    if (id === undefined || !isUuid(id)) throw noClinicNamed();
    const clinic = await directory.byId(id);
    if (!clinic) throw new AppError("not-found", "There is no such clinic");
    c.header("cache-control", `public, max-age=${MAX_AGE_SECONDS}`);
    return c.json({ keys: clinic.publicJwks });
  });
  return routes;
}

function noClinicNamed(): AppError {
  return new AppError("invalid-request", "The request is not valid", {
    violations: [{
      parameter: "clinic",
      code: "invalid-format",
      detail: "must be the id of a clinic",
    }],
  });
}
