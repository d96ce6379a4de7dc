import { DatabaseError } from "../../db/errors.ts";
import { AppError } from "../../kernel/errors.ts";
import { staleVersion } from "../../http/row_versions.ts";
import type { ClinicDb } from "../../tenancy/clinic_db.ts";
import { findConflicts, type WantedTime } from "./conflicts.ts";
import { invalid } from "./rules.ts";

export const NOUN = "appointment";

/** What a change was about, to explain why it was refused. */
export interface Attempt {
  readonly wanted: readonly WantedTime[];
  /** Ids of the appointments that are changed. */
  readonly own: readonly string[];
  /** Where they stand in the body, if it is not the body itself. */
  readonly pointer?: string;
}

const CONFLICTS: Readonly<Record<string, string>> = {
  appointments_patient_archived: "The patient's file is archived",
  appointments_practitioner_archived: "The practitioner is archived",
  appointments_type_inactive: "The type of appointment is out of use",
  appointments_resource_inactive: "A room or machine is out of use",
  appointments_begun:
    "An appointment that has begun or ended stays as it is, but for its note",
};

/** Members that name what is not here. */
const UNKNOWN: Readonly<Record<string, string>> = {
  appointments_practitioner_id_fkey: "practitionerId",
  appointments_type_id_fkey: "typeId",
  appointment_resources_resource_id_fkey: "resourceIds",
};

/** Gives the name of a broken rule to the client; the rules themselves stand in the schema. */
export async function namedError(
  error: unknown,
  clinic: ClinicDb,
  attempt: () => Attempt | undefined,
): Promise<unknown> {
  if (!(error instanceof DatabaseError) || !error.constraint) return error;
  const { constraint } = error;
  const cause = { cause: error };
  const { wanted, own, pointer } = attempt() ?? { wanted: [], own: [] };
  if (constraint.endsWith("_excl")) {
    const conflicts = await clinic.read((tx) => findConflicts(tx, wanted, own));
    return new AppError("booking-conflict", detailOf(conflicts.length), {
      ...cause,
      extensions: { conflicts },
    });
  }
  const conflict = CONFLICTS[constraint];
  if (conflict) return new AppError("conflict", conflict, cause);
  const unknown = UNKNOWN[constraint];
  if (unknown) return unknownId(unknown, pointer);
  switch (constraint) {
    case "appointments_patient_id_fkey":
    case "appointment_groups_patient_id_fkey":
      return unknownId("patientId");
    case "appointments_outside_hours":
      return new AppError(
        "outside-hours",
        "The practitioner does not work at that time, or the clinic is closed",
        cause,
      );
    case "appointments_period_check":
      return invalid(
        "#/startsAt",
        "invalid-range",
        "must leave every appointment between 2000 and 2099",
      );
    case "appointments_transition":
      return staleVersion(NOUN);
    default:
      return error;
  }
}

function detailOf(count: number): string {
  if (count > 0) return "The time is taken by the appointments in `conflicts`";
  return "Two appointments of the request take the same time, or the time was taken and is free again by now";
}

export function noSuchType(pointer?: string): AppError {
  return unknownId("typeId", pointer);
}

function unknownId(member: string, pointer?: string): AppError {
  return invalid(
    pointer ?? `#/${member}`,
    "unknown-id",
    `names something that is not here (${member})`,
  );
}
