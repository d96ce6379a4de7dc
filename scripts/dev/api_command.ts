import { cellKeyVariable } from "../../src/config/config.ts";
import type { Stack } from "../stack/cluster.ts";
import { HOST } from "../stack/ports.ts";
import { CELL, type DevPaths } from "./paths.ts";

/** What the API of a local stack is started with. */
export interface ApiOptions {
  readonly stack: Pick<Stack, "pooler" | "postgres" | "tlsCaFile">;
  readonly port: number;
  readonly paths:
    & Pick<DevPaths, "apiLog" | "apiPassword" | "keyFile">
    & Partial<Pick<DevPaths, "outbox" | "platformKeyFile">>;
}

/**
 * In MiB, as in the task `api`. Left alone, V8 lets short-lived objects pile up to 200 MiB and more before it looks for
 * them; in a nursery of this size that is 130, for the same processor time.
 */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=8,--max-old-space-size=1024";

/**
 * What the API process may do: talk to its two servers and be talked to, read its own variables and a few files. It
 * may run nothing, and write nothing but the letters that it would mail.
 */
export function apiFlags({ stack, port, paths }: ApiOptions): string[] {
  const peers = [{ host: HOST, port }, stack.pooler, stack.postgres];
  const net = peers.map(({ host, port }) => `${host}:${port}`).join(",");
  // In a list of paths, a comma is written twice.
  const listed = (list: readonly string[]) =>
    list.map((path) => path.replaceAll(",", ",,")).join(",");
  const outbox = paths.outbox === undefined ? [] : [paths.outbox];
  const { platformKeyFile } = paths;
  const platform = platformKeyFile === undefined ? [] : [platformKeyFile];
  const keys = [paths.keyFile, ...platform];
  const read = [...keys, paths.apiPassword, stack.tlsCaFile, ...outbox];
  return [
    "--quiet",
    "--no-prompt",
    V8_FLAGS,
    `--allow-net=${net}`,
    "--allow-env=CLOISON_*",
    "--ignore-env",
    `--allow-read=${listed(read)}`,
    ...outbox.map((path) => `--allow-write=${listed([path])}`),
  ];
}

/** Its configuration; secrets are in files, so that no process listing shows them. */
export function apiEnvironment(
  { stack, port, paths }: ApiOptions,
): Record<string, string> {
  return {
    CLOISON_HOST: HOST,
    CLOISON_PORT: String(port),
    CLOISON_PUBLIC_URL: apiAddress(port),
    CLOISON_CENTRAL_HOST: stack.pooler.host,
    CLOISON_CENTRAL_PORT: String(stack.pooler.port),
    CLOISON_CENTRAL_PASSWORD_FILE: paths.apiPassword,
    CLOISON_CENTRAL_DIRECT_HOST: stack.postgres.host,
    CLOISON_CENTRAL_DIRECT_PORT: String(stack.postgres.port),
    CLOISON_TLS_CA_FILE: stack.tlsCaFile,
    CLOISON_CELLS: CELL,
    [`${cellKeyVariable(CELL)}_FILE`]: paths.keyFile,
    ...(paths.platformKeyFile === undefined
      ? {}
      : { CLOISON_KEY_PLATFORM_FILE: paths.platformKeyFile }),
    ...(paths.outbox === undefined
      ? {}
      : { CLOISON_MAIL_OUTBOX: paths.outbox }),
  };
}

export function apiAddress(port: number): string {
  return `http://${HOST}:${port}`;
}

/**
 * What Deno itself may need of the caller's environment (PATH, HOME, proxies). Variables of this program are left
 * out: the API could read them, and an operator's hold the admin password.
 */
export function foreignVariables(
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) =>
    !name.startsWith("CLOISON_") && !name.startsWith("PG") &&
    name !== "RUST_BACKTRACE"
  );
  return Object.fromEntries(kept);
}
