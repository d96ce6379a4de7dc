import type { VersionCondition } from "../../http/etag.ts";
import { DatabaseError } from "../../db/errors.ts";
import type { CentralDb } from "../../tenancy/central_db.ts";
import { duplicateEmail } from "../../tenancy/operations/refusals.ts";
import { changeCentralRow } from "../change_row.ts";
import { type ClinicRow, findClinic, updateClinic } from "./queries.ts";
import type { ClinicPatch } from "./request_schemas.ts";

/** Another clinic has the address, or will have it as soon as it is made. */
const TAKEN = ["clinics_email_key", "operations_email_key"];

/** @throws {AppError} `not-found`, `precondition-failed`, `duplicate` */
export async function changeEntry(
  central: CentralDb,
  id: string,
  condition: VersionCondition,
  patch: ClinicPatch,
): Promise<ClinicRow> {
  const changedFields = Object.keys(patch).sort();
  try {
    return await changeCentralRow(
      central,
      condition,
      { action: "clinic.change", clinicId: id, entityId: id, changedFields },
      {
        noun: "clinic",
        find: (tx) => findClinic(tx, id),
        update: (tx) => updateClinic(tx, id, condition, patch),
      },
      () => changedFields.length > 0,
    );
  } catch (error) {
    const taken = error instanceof DatabaseError &&
      TAKEN.includes(error.constraint ?? "");
    throw taken ? duplicateEmail(error) : error;
  }
}
