import { type Sql, sql } from "../../db/sql.ts";
import { AppError } from "../../kernel/errors.ts";
import type { ClinicState } from "../clinic.ts";
import { clinicOf, type Saga, type StepContext } from "./saga.ts";

interface Move {
  readonly from: readonly ClinicState[];
  readonly to: ClinicState;
  /** What else changes with it. */
  readonly also?: Sql;
}

/**
 * Puts the operation's clinic into another state; API processes hear of it at once. Done again, nothing changes.
 * @throws {AppError} `invalid-transition` when it is in none of the states that this may begin in
 */
export async function moveClinic(
  context: StepContext,
  { from, to, also = sql`` }: Move,
): Promise<void> {
  const id = clinicOf(context);
  const moved = await context.central.rows(sql`
    update clinics set state = ${to}${also}
    where id = ${id} and state = any (${from}::text[]) returning id`);
  if (moved.length > 0) return;
  const [clinic] = await context.central.rows<{ state: ClinicState }>(
    sql`select state from clinics where id = ${id}`,
  );
  if (clinic?.state === to) return;
  throw new AppError(
    "invalid-transition",
    `The clinic is ${clinic?.state ?? "gone"} and cannot become ${to}`,
    { extensions: { state: clinic?.state, allowed: from } },
  );
}

/** Nobody can work in the clinic any more; its data stay as they are. */
export function suspendSaga(): Saga {
  return {
    kind: "suspend",
    steps: () => [{
      name: "suspend",
      run: (context) =>
        moveClinic(context, {
          from: ["active", "migrating"],
          to: "suspended",
        }),
    }],
  };
}

/** People can work in the clinic again; a closing that was under way is called off. */
export function resumeSaga(): Saga {
  return {
    kind: "resume",
    steps: () => [
      { name: "keep", run: callOff },
      {
        name: "resume",
        run: (context) =>
          moveClinic(context, {
            from: ["suspended", "closing"],
            to: "active",
            also: sql`, purge_at = null`,
          }),
      },
    ],
  };
}

async function callOff(context: StepContext): Promise<void | "skipped"> {
  const called = await context.central.rows(sql`
    update operations set state = 'cancelled', finished_at = now()
    where clinic_id = ${clinicOf(context)} and kind = 'purge'
      and state = 'waiting' returning id`);
  if (called.length === 0) return "skipped";
}
