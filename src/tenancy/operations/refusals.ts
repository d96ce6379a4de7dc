import { DatabaseError } from "../../db/errors.ts";
import { sql } from "../../db/sql.ts";
import { AppError } from "../../kernel/errors.ts";
import type { CentralAccess, OperationRequest } from "./operations.ts";

type Wanted = Pick<OperationRequest, "clinicId" | "input" | "kind">;

/** The name of what the ledger's rules refuse; any other error as it is. */
export async function toOperationError(
  central: CentralAccess,
  error: unknown,
  wanted?: Wanted,
): Promise<unknown> {
  if (!(error instanceof DatabaseError)) return error;
  const cause = error;
  switch (error.constraint) {
    case "clinics_slug_key":
    case "operations_slug_key":
      return duplicateSlug(cause);
    case "clinics_email_key":
    case "operations_email_key":
      return duplicateEmail(cause);
    case "operations_one_at_a_time":
      return new AppError(
        "conflict",
        "Another operation on this clinic is not over yet",
        { cause, retryAfter: 1 },
      );
    case "operations_allowed":
      return await notAllowed(central, cause, wanted);
    case "operations_clinic_id_fkey":
      return new AppError("not-found", "There is no such clinic", { cause });
    case "operations_cell":
      return new AppError("conflict", "No cell takes new clinics", { cause });
    case "operations_input_size":
      return new AppError("invalid-request", "The input is too long", {
        cause,
      });
    case "operations_cancellable":
      return new AppError("conflict", "It is too late to cancel this", {
        cause,
      });
    case "operations_retryable":
      return new AppError(
        "conflict",
        "Only an operation that has failed can be tried again",
        { cause },
      );
    default:
      return error;
  }
}

export function duplicateSlug(cause: unknown): AppError {
  return new AppError(
    "duplicate",
    "Another clinic has the short name; choose another slug",
    { cause, extensions: { member: "slug" } },
  );
}

export function duplicateEmail(cause: unknown): AppError {
  return new AppError(
    "duplicate",
    "Another clinic has the e-mail address",
    { cause, extensions: { member: "email" } },
  );
}

async function notAllowed(
  central: CentralAccess,
  cause: unknown,
  wanted: Wanted | undefined,
): Promise<AppError> {
  const [clinic] = await central.read<{ state: string; allowed: string[] }>(
    sql`select state, allowed_operations(state) as allowed from clinics
      where id = ${wanted?.clinicId ?? null}`,
  );
  const { state = "unknown", allowed = [] } = clinic ?? {};
  return new AppError(
    "invalid-transition",
    `The clinic is ${state}: ${wanted?.kind ?? "this"} is not possible`,
    { cause, extensions: { state, allowed } },
  );
}
