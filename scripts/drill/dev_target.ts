import { Secret } from "../../src/kernel/secret.ts";
import { readDevFile } from "../dev/dev_file.ts";
import { CELL, type DevPaths } from "../dev/paths.ts";
import { openCredentials } from "../stack/credentials.ts";
import { findTools } from "../stack/tools.ts";
import type { DrillTarget } from "./target.ts";

/**
 * The dev stack, with everything in hand that it keeps secret.
 * @throws {Error} that says what to type, when there is none
 */
export async function devTarget(paths: DevPaths): Promise<DrillTarget> {
  const file = await readDevFile(paths.devFile);
  if (!file) {
    throw new Error(
      "There is no dev stack here yet; to start one, type: deno task dev --detach",
    );
  }
  const { worker, api, pgbouncer, poolerAdmin } = await openCredentials(
    paths.credentials,
  );
  const tlsCaFile = file.tls?.caFile;
  const tlsCa = tlsCaFile && await Deno.readTextFile(tlsCaFile);
  const keys = new Secret(await Deno.readTextFile(paths.keyFile));
  // Absent from stacks that an older version has started.
  const platformKeys = await Deno.readTextFile(paths.platformKeyFile)
    .then((text) => new Secret(text), () => undefined);
  const { host, port } = file.postgres;
  const postgres = { host, port, tlsCa };
  const { pgBin } = await findTools();
  return {
    api: file.api,
    postgres,
    pooler: { ...file.pooler, tlsCa },
    worker: {
      ...postgres,
      user: worker.user,
      password: new Secret(worker.password),
    },
    credentials: { api, pgbouncer, poolerAdmin },
    cell: CELL,
    keys,
    platformKeys,
    accounts: file.clinics.flatMap(({ slug, users }) =>
      users.slice(0, 1)
        .map(({ email, password }) => ({ clinic: slug, email, password }))
    ),
    pgBin,
    tlsCaFile,
  };
}
