import { z } from "@hono/zod-openapi";
import { sql } from "../../../db/sql.ts";
import {
  type ExportPart,
  rowsOfFiles,
  staffPseudonym,
} from "../../../http/file_export.ts";
import { columns, type SummaryRow } from "./queries.ts";
import { toVersion } from "./rules.ts";
import { MedicalSummaryVersionSchema } from "./schemas.ts";

const { authorId: _author, ...shape } = MedicalSummaryVersionSchema.shape;

const ItemSchema = z.strictObject({ ...shape, author: staffPseudonym });

export const medicalSummariesPart: ExportPart = {
  name: "medical_summaries",
  description: "Allergies, history and medication, in every version",
  item: ItemSchema,
  async *items(scope) {
    const from = sql`medical_summaries`;
    for await (const rows of rowsOfFiles<SummaryRow>(scope, columns, from)) {
      yield rows.map((row): z.infer<typeof ItemSchema> => {
        const { authorId, ...members } = toVersion(scope.vault, row);
        return { ...members, author: scope.staff(authorId) };
      });
    }
  },
};
