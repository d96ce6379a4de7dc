import { DatabaseError } from "../../db/errors.ts";
import type { VersionCondition } from "../../http/etag.ts";
import { changeRow } from "../../http/row_versions.ts";
import { AppError } from "../../kernel/errors.ts";
import type { ClinicDb } from "../../tenancy/clinic_db.ts";
import {
  countAppointmentsToCome,
  findOther,
  findPractitioner,
  insertPractitioner,
  type PractitionerRow,
  updateArchived,
  updatePractitioner,
} from "./queries.ts";
import { toPractitionerColumns } from "./rules.ts";
import type { PractitionerPatch } from "./schemas.ts";

export const NOUN = "practitioner";

export async function addPractitioner(
  clinic: ClinicDb,
  id: string,
  members: PractitionerPatch,
): Promise<PractitionerRow> {
  try {
    return await clinic.write(async (tx) => {
      const columns = toPractitionerColumns(members);
      const row = await insertPractitioner(tx, id, columns);
      return tx.audit({
        action: "practitioner.create",
        entityId: id,
        changedFields: Object.keys(members).sort(),
      }, row);
    });
  } catch (error) {
    throw await namedError(error, clinic, id, members);
  }
}

export async function changePractitioner(
  clinic: ClinicDb,
  id: string,
  condition: VersionCondition,
  patch: PractitionerPatch,
): Promise<PractitionerRow> {
  const changedFields = Object.keys(patch).sort();
  try {
    return await changeRow(
      clinic,
      condition,
      { action: "practitioner.change", entityId: id, changedFields },
      {
        noun: NOUN,
        find: (tx) => findPractitioner(tx, id),
        update: (tx) =>
          updatePractitioner(tx, id, condition, toPractitionerColumns(patch)),
      },
      () => changedFields.length > 0,
    );
  } catch (error) {
    throw await namedError(error, clinic, id, patch);
  }
}

/** Puts a practitioner away, or back to work; one who is there already stays as they are. */
export async function setArchived(
  clinic: ClinicDb,
  id: string,
  condition: VersionCondition,
  archived: boolean,
): Promise<PractitionerRow> {
  let present: PractitionerRow | undefined;
  try {
    return await changeRow(
      clinic,
      condition,
      {
        action: archived ? "practitioner.archive" : "practitioner.restore",
        entityId: id,
      },
      {
        noun: NOUN,
        find: async (tx) => present = await findPractitioner(tx, id),
        update: (tx) => updateArchived(tx, id, condition, archived),
      },
      (row) => (row.archived_at !== null) !== archived,
    );
  } catch (error) {
    throw await namedError(error, clinic, id, {
      rpps: present?.rpps ?? null,
      staffId: present?.staff_id ?? null,
    });
  }
}

/** Gives the name of a broken rule to the client; the rules themselves stand in the schema. */
async function namedError(
  error: unknown,
  clinic: ClinicDb,
  id: string,
  { rpps, staffId }: Pick<PractitionerPatch, "rpps" | "staffId">,
): Promise<unknown> {
  if (!(error instanceof DatabaseError)) return error;
  switch (error.constraint) {
    case "practitioners_rpps_key":
      return duplicate(
        error,
        "Another practitioner of this clinic has this RPPS number",
        rpps ? await clinic.read((tx) => findOther(tx, id, { rpps })) : {},
      );
    case "practitioners_staff_id_key":
      return duplicate(
        error,
        "The account belongs to another practitioner",
        staffId
          ? await clinic.read((tx) => findOther(tx, id, { staffId }))
          : {},
      );
    case "practitioners_staff_id_fkey":
      return new AppError("invalid-request", "The request is not valid", {
        cause: error,
        violations: [{
          pointer: "#/staffId",
          code: "unknown-staff-member",
          detail: "is no account of this clinic",
        }],
      });
    case "practitioners_future_appointments":
      return new AppError(
        "conflict",
        `The practitioner has ${await clinic.read((tx) =>
          countAppointmentsToCome(tx, id)
        )} appointments to come: move or cancel them first`,
        { cause: error },
      );
    default:
      return error;
  }
}

function duplicate(
  cause: DatabaseError,
  detail: string,
  other: { readonly id?: string } | undefined,
): AppError {
  return new AppError("duplicate", detail, {
    cause,
    ...(other?.id ? { extensions: { candidate: other.id } } : {}),
  });
}
