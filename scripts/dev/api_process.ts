import {
  apiAddress,
  apiEnvironment,
  apiFlags,
  type ApiOptions,
} from "./api_command.ts";
import { type ProgramProcess, startProgram } from "./program_process.ts";

export type ApiProcess = ProgramProcess;

/**
 * Starts the API and waits until it is ready.
 * @throws {Error} when it ends before it is ready, or `signal` says so
 */
export function startApi(
  options: ApiOptions,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ApiProcess> {
  const url = `${apiAddress(options.port)}/readyz`;
  return startProgram({
    name: "the API",
    program: "src/main.ts",
    flags: apiFlags(options),
    variables: apiEnvironment(options),
    env,
    log: options.paths.apiLog,
    isReady: () => isReady(url),
  }, signal);
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
