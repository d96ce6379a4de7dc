import { DatabaseError } from "../../db/errors.ts";
import { sql } from "../../db/sql.ts";
import { AppError } from "../../kernel/errors.ts";
import type { ReadTx } from "../../tenancy/clinic_db.ts";
import { findPatient, type PatientColumns } from "./queries.ts";

/** The file in use that a file with these columns would be a second one of. @param id of the file */
export async function findSamePerson(
  tx: ReadTx,
  id: string,
  columns: PatientColumns,
): Promise<string | undefined> {
  const row = { ...await findPatient(tx, id), ...columns };
  const { given_names, family_name, birth_date, phone, email } = row;
  const found = await tx.row<{ id: string }>(sql`
    select id from patients
    where archived_at is null and id <> ${id}
      and sort_name = search_form(${family_name ?? ""} || ' ' || ${
    given_names ?? ""
  })
      and birth_date is not distinct from ${birth_date ?? null}::date
      and (phone = ${phone ?? null} or lower(email) = lower(${email ?? null}))
    order by created_at limit 1`);
  return found?.id;
}

/** Whether a file was refused because one in use is of the same person. */
export function isSamePerson(error: unknown): boolean {
  return error instanceof DatabaseError &&
    /^patients_same_(phone|email|caller)_key$/.test(error.constraint ?? "");
}

export function samePersonInUse(cause: unknown): AppError {
  return new AppError(
    "conflict",
    "A file in use is of the same person, by names, day of birth and telephone number or e-mail address",
    { cause },
  );
}
