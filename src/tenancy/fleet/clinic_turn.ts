import type { Migration } from "../../db/migrations.ts";
import type { AdminLogin } from "../provisioning/admin.ts";
import {
  type Attempt,
  migrateClinic,
  type MigrationLimits,
} from "./clinic_migration.ts";

export interface TurnOptions {
  /** Called before each attempt. */
  readonly onAttempt: () => Promise<void>;
  readonly random?: (() => number) | undefined;
  /** Makes the attempt that runs the last one. */
  readonly signal: AbortSignal;
}

/** Migrates one clinic; where others were in the way, again after a while. */
export async function tryClinic(
  login: AdminLogin,
  database: string,
  migrations: readonly Migration[],
  limits: MigrationLimits,
  { onAttempt, random = Math.random, signal }: TurnOptions,
): Promise<Attempt & { readonly attempts: number }> {
  for (let attempts = 1;; attempts++) {
    await onAttempt();
    const attempt = await migrateClinic(login, database, migrations, limits);
    const again = attempt.failure?.passing && attempts < limits.attempts &&
      !signal.aborted;
    if (!again) return { ...attempt, attempts };
    await delay(backoff(attempts, limits, random), signal);
  }
}

/** How long to wait after so many attempts, with a jitter of a quarter. In milliseconds. */
function backoff(
  attempts: number,
  { backoffMs }: MigrationLimits,
  random: () => number,
): number {
  return backoffMs * 2 ** (attempts - 1) * (0.75 + random() / 2);
}

/** Ends early when `signal` is aborted. */
function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
