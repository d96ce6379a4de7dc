import { AppError } from "../../kernel/errors.ts";

/** Number of the last file of `migrations/clinic`: the schema that this program was written for. */
export const CURRENT_CLINIC_SCHEMA = 20;

/**
 * The oldest clinic schema that this program works with: the one of the release before it, so that programs and clinics
 * can be renewed one after the other. The first release starts here; see `migrations/README.md` for when it moves.
 */
export const MINIMUM_CLINIC_SCHEMA = 20;

/** What the registry says of a clinic's schema. */
export interface ClinicSchema {
  /** Number of its last migration. */
  readonly version: number;
  /** Schema that the oldest program was written for that still finds all it needs; null when nobody said. */
  readonly oldestCode: number | null;
}

/** What a program can do with a clinic: use it, or wait until one of the two is renewed. */
export type SchemaFit = "fits" | "behind" | "ahead";

/** @param supported what the program was written for, and the oldest that it still works with */
export function fitOf(
  schema: ClinicSchema,
  supported: { readonly current: number; readonly minimum: number },
): SchemaFit {
  if (schema.version < supported.minimum) return "behind";
  if (schema.version <= supported.current) return "fits";
  // A newer program changed it. It left everything there for the release before it, and says when not for this one.
  const { oldestCode } = schema;
  return oldestCode === null || oldestCode <= supported.current
    ? "fits"
    : "ahead";
}

/** A clinic of a fleet is migrated in well under a second; its turn comes in minutes. */
const BEHIND_RETRY_S = 30;
/** Other processes of a release that is under way can answer already. */
const AHEAD_RETRY_S = 5;

/** @throws {AppError} `clinic-in-maintenance` when this program cannot work with the clinic's schema */
export function requireSupported(schema: ClinicSchema): void {
  const fit = fitOf(schema, {
    current: CURRENT_CLINIC_SCHEMA,
    minimum: MINIMUM_CLINIC_SCHEMA,
  });
  if (fit === "fits") return;
  throw new AppError(
    "clinic-in-maintenance",
    fit === "behind"
      ? "The clinic's database is still to be brought up to date"
      : "The clinic's database is newer than this program",
    { retryAfter: fit === "behind" ? BEHIND_RETRY_S : AHEAD_RETRY_S },
  );
}
