import { z } from "@hono/zod-openapi";
import {
  type ExportPart,
  type ExportScope,
  rowsOfFiles,
  staffOrNull,
  staffPseudonym,
} from "../../http/file_export.ts";
import { sql } from "../../db/sql.ts";
import { orNull } from "../../http/schemas.ts";
import {
  type AmendmentRow,
  listAmendments,
  type RecordRow,
  records,
} from "./queries.ts";
import { toRecord } from "./rules.ts";
import { RecordAmendmentSchema, RecordSchema } from "./schemas.ts";

const { authorId: _author, signedBy: _signedBy, amendments: _, ...shape } =
  RecordSchema.shape;
const { authorId: _amender, ...amendmentShape } = RecordAmendmentSchema.shape;

const ItemSchema = z.strictObject({
  ...shape,
  author: staffPseudonym,
  signedBy: orNull(staffPseudonym),
  amendments: z.array(
    z.strictObject({ ...amendmentShape, author: staffPseudonym }),
  ).openapi({ description: "What was added after the signature" }),
});

export const recordsPart: ExportPart = {
  name: "records",
  description: "Clinical notes, with what was added to them",
  item: ItemSchema,
  async *items(scope) {
    for await (const rows of rowsOfFiles<RecordRow>(scope, sql`*`, records)) {
      const amendments = await Promise.all(
        rows.map((row) => listAmendments(scope.tx, row.id)),
      );
      yield rows.map((row, index) => toItem(scope, row, amendments[index]!));
    }
  },
};

function toItem(
  scope: ExportScope,
  row: RecordRow,
  rows: readonly AmendmentRow[],
): z.infer<typeof ItemSchema> {
  const { authorId, signedBy, amendments, ...members } = toRecord(
    scope.vault,
    row,
    rows,
  );
  return {
    ...members,
    author: scope.staff(authorId),
    signedBy: staffOrNull(scope, signedBy),
    amendments: amendments.map(({ authorId, ...rest }) => ({
      ...rest,
      author: scope.staff(authorId),
    })),
  };
}
