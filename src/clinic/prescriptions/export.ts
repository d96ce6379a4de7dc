import { z } from "@hono/zod-openapi";
import { sql } from "../../db/sql.ts";
import {
  type ExportPart,
  type ExportScope,
  rowsOfFiles,
  staffOrNull,
  staffPseudonym,
} from "../../http/file_export.ts";
import { orNull } from "../../http/schemas.ts";
import { columns, type PrescriptionRow } from "./queries.ts";
import { toPrescription } from "./rules.ts";
import { PrescriptionSchema } from "./schemas.ts";

const {
  authorId: _author,
  finalisedBy: _finalisedBy,
  cancelledBy: _cancelledBy,
  ...shape
} = PrescriptionSchema.shape;

const ItemSchema = z.strictObject({
  ...shape,
  author: staffPseudonym,
  finalisedBy: orNull(staffPseudonym),
  cancelledBy: orNull(staffPseudonym),
});

export const prescriptionsPart: ExportPart = {
  name: "prescriptions",
  description: "Prescriptions, with their lines",
  item: ItemSchema,
  async *items(scope) {
    const from = sql`prescriptions`;
    for await (
      const rows of rowsOfFiles<PrescriptionRow>(scope, columns, from)
    ) {
      yield rows.map((row) => toItem(scope, row));
    }
  },
};

function toItem(
  scope: ExportScope,
  row: PrescriptionRow,
): z.infer<typeof ItemSchema> {
  const { authorId, finalisedBy, cancelledBy, ...members } = toPrescription(
    scope.vault,
    row,
  );
  return {
    ...members,
    author: scope.staff(authorId),
    finalisedBy: staffOrNull(scope, finalisedBy),
    cancelledBy: staffOrNull(scope, cancelledBy),
  };
}
