import { sql } from "../../db/sql.ts";
import { AppError } from "../../kernel/errors.ts";
import { withDatabase } from "../provisioning/admin.ts";
import { readRegistered } from "../provisioning/register.ts";
import { rotateDatabasePassword } from "../rotation/database_password.ts";
import { rotateDataKey } from "../rotation/data_key.ts";
import { hasOldValues } from "../rotation/reseal.ts";
import type { RotationContext } from "../rotation/rotation_context.ts";
import { rotateTokenKey } from "../rotation/token_key.ts";
import { readInput } from "./inputs.ts";
import { clinicOf, type Saga, type Step, type StepContext } from "./saga.ts";

type Rotated = "database-password" | "token-key" | "data-key";

/** What rotations need; without the pooler's console there are none. */
export type RotateOptions =
  & Omit<RotationContext, "console">
  & Partial<Pick<RotationContext, "console">>;

/**
 * New secrets for a clinic, while people work in it. First it is noted which ones are in use: one that was replaced
 * before the worker died is not replaced again.
 */
export function rotateSaga(options: RotateOptions): Saga {
  return {
    kind: "rotate",
    steps: ({ input }) => [
      { name: "note", run: noteNumbers },
      ...readInput("rotate", input).secrets.map((purpose): Step => ({
        name: purpose,
        run: (context) => rotate(requireConsole(options), context, purpose),
      })),
    ],
  };
}

async function noteNumbers(context: StepContext): Promise<void> {
  context.note({ before: await numbersOf(context) });
}

async function rotate(
  rotation: RotationContext,
  context: StepContext,
  purpose: Rotated,
): Promise<void | "skipped"> {
  const id = clinicOf(context);
  const before = context.notes.before as Record<string, number>;
  const { [purpose]: number = 0 } = await numbersOf(context);
  const replaced = number > (before[purpose] ?? 0);
  switch (purpose) {
    case "database-password":
      if (replaced) return "skipped";
      return await rotateDatabasePassword(rotation, id);
    case "token-key":
      if (replaced) return "skipped";
      return void await rotateTokenKey(rotation, id);
    case "data-key":
      if (replaced && !await isHalfDone(rotation, context)) return "skipped";
      return context.result({ ...await rotateDataKey(rotation, id) });
  }
}

/** Whether values are left that an older key seals. */
async function isHalfDone(
  { login, keys }: RotationContext,
  context: StepContext,
): Promise<boolean> {
  const id = clinicOf(context);
  const clinic = await readRegistered(context.central, id, keys, login);
  return await withDatabase(
    login,
    clinic.target.database,
    (connection) => hasOldValues(connection, clinic.vault),
  );
}

/** Of the secrets in use. */
async function numbersOf(
  context: StepContext,
): Promise<Record<string, number>> {
  const rows = await context.central.rows<{ purpose: string; number: number }>(
    sql`select purpose, number from clinic_secrets
      where clinic_id = ${clinicOf(context)} and active and retired_at is null`,
  );
  return Object.fromEntries(rows.map((row) => [row.purpose, row.number]));
}

function requireConsole({ console, ...rest }: RotateOptions): RotationContext {
  if (console) return { ...rest, console };
  throw new AppError(
    "conflict",
    "The worker has no log-in to the pooler's console: CLOISON_ADMIN_POOLER_PASSWORD is missing",
  );
}
