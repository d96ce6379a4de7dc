import {
  LocalKeyProvider,
  newLocalKeyLine,
} from "../../src/crypto/key_provider.ts";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { cellKeyVariable } from "../../src/config/config.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { registerCell } from "../../src/tenancy/provisioning/central.ts";
import { freePorts, HOST } from "../stack/ports.ts";
import { PROJECT_DIR } from "../stack/tools.ts";
import type { DrillTarget } from "./target.ts";

/** An API process that serves another cell of the same platform, and holds that cell's key alone. */
export interface OtherCell extends AsyncDisposable {
  readonly cell: string;
  readonly api: string;
  readonly keys: LocalKeyProvider;
  /** Whether it started and serves. */
  readonly ready: boolean;
  /** What it said on standard error. */
  readonly said: string;
}

const POLL_MS = 25;
const START_TIMEOUT_MS = 60_000;

/** Registers a cell without clinics for as long as the drill needs it, and starts its API. */
export async function startOtherCell(target: DrillTarget): Promise<OtherCell> {
  const cell = `drill-${crypto.randomUUID().slice(0, 8)}`;
  const line = newLocalKeyLine(`${cell}-1`);
  const keys = new LocalKeyProvider(new Secret(line));
  const { pooler, postgres } = target;
  await registerCell(
    target.worker,
    { name: cell, pooler, postgres, maxBackends: 4, keys },
    uuidv7,
  );
  const api = startApi(target, cell, line);
  return {
    cell,
    keys,
    api: api.url,
    ready: await api.isReady(),
    said: api.said(),
    [Symbol.asyncDispose]: async () => {
      await api.stop();
      await withDatabase(target.worker, CENTRAL_DATABASE, async (central) => {
        // What the process held, had it been killed.
        await central.rows(sql`
          delete from backend_shares using cells
          where cells.id = cell_id and cells.name = ${cell}`);
        await central.rows(sql`delete from cells where name = ${cell}`);
      });
    },
  };
}

/** Whether an API starts to serve a cell with a key that is not the cell's. */
export async function startsWithWrongKey(
  target: DrillTarget,
): Promise<boolean> {
  const { keyId } = new LocalKeyProvider(target.keys);
  const api = startApi(target, target.cell, newLocalKeyLine(keyId));
  try {
    return await api.isReady();
  } finally {
    await api.stop();
  }
}

function startApi(target: DrillTarget, cell: string, key: string) {
  const port = freePorts().api;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-net"],
      ...["--allow-env=CLOISON_*", "--ignore-env", "--allow-read"],
      "src/main.ts",
    ],
    cwd: PROJECT_DIR,
    env: {
      ...environment(target),
      CLOISON_PORT: String(port),
      CLOISON_CELLS: cell,
      [cellKeyVariable(cell)]: key,
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let alive = true;
  let said = "";
  const listen = async () => {
    const text = child.stderr.pipeThrough(new TextDecoderStream());
    for await (const part of text) said += part;
  };
  const ended = Promise.all([child.status, listen()]).then(() => {
    alive = false;
  });
  const url = `http://${HOST}:${port}`;
  return {
    url,
    said: () => said.trim(),
    isReady: async () => {
      const deadline = performance.now() + START_TIMEOUT_MS;
      while (alive && performance.now() < deadline) {
        if (await answers(`${url}/readyz`)) return true;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      return false;
    },
    stop: async () => {
      if (alive) child.kill("SIGTERM");
      await ended;
    },
  };
}

function environment(target: DrillTarget): Record<string, string> {
  const { pooler, postgres, credentials, tlsCaFile, api, issuer } = target;
  return {
    // Tokens of the other cell would be accepted here, if anything would.
    CLOISON_PUBLIC_URL: issuer ?? api,
    CLOISON_CENTRAL_HOST: pooler.host,
    CLOISON_CENTRAL_PORT: String(pooler.port),
    CLOISON_CENTRAL_PASSWORD: credentials.api.password,
    CLOISON_CENTRAL_DIRECT_HOST: postgres.host,
    CLOISON_CENTRAL_DIRECT_PORT: String(postgres.port),
    ...(tlsCaFile === undefined ? {} : { CLOISON_TLS_CA_FILE: tlsCaFile }),
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
