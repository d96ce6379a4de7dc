import { exists } from "./folder.ts";
import { assertPortFree, type StackPorts } from "../stack/ports.ts";
import type { DevPaths } from "./paths.ts";

/**
 * Says that a port is taken before anything is installed or made. Where there is a cluster already, its own servers may
 * still hold theirs, and who starts them looks to that.
 * @throws {Error} saying what to type
 */
export async function refuseTakenPorts(
  paths: Pick<DevPaths, "credentials">,
  ports: StackPorts,
): Promise<void> {
  assertPortFree("the API", ports.api, "CLOISON_API_PORT");
  if (await exists(paths.credentials)) return;
  assertPortFree("PgBouncer", ports.pooler, "CLOISON_POOLER_PORT");
  assertPortFree("PostgreSQL", ports.postgres, "CLOISON_POSTGRES_PORT");
}
