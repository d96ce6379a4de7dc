import { z } from "@hono/zod-openapi";
import { sql } from "../../db/sql.ts";
import type { ExportPart } from "../../http/file_export.ts";
import { columns, type PatientRow } from "./queries.ts";
import { toPatient } from "./rules.ts";
import { PatientSchema } from "./schemas.ts";

const {
  emergencyContactName: _contactName,
  emergencyContactPhone: _contactPhone,
  legalRepresentativeName: _representativeName,
  legalRepresentativePhone: _representativePhone,
  ...shape
} = PatientSchema.shape;

const ItemSchema = z.strictObject(shape);

/** Who the patient is: the file, and those that were merged into it; without names and numbers of those around them. */
export const patientPart: ExportPart = {
  name: "patient",
  description: "The patient's file, then those that were merged into it",
  item: ItemSchema,
  async *items({ tx, vault, fileIds }) {
    const rows = await tx.rows<PatientRow>(sql`select ${columns} from patients
      where id = any (${[...fileIds]}::uuid[])
      order by merged_into nulls first, id`);
    yield rows.map((row): z.infer<typeof ItemSchema> => {
      const {
        emergencyContactName: _contactName,
        emergencyContactPhone: _contactPhone,
        legalRepresentativeName: _representativeName,
        legalRepresentativePhone: _representativePhone,
        ...members
      } = toPatient(vault, row);
      return members;
    });
  },
};
