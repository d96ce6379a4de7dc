import { z } from "@hono/zod-openapi";
import { sql } from "../../db/sql.ts";
import {
  type ExportPart,
  rowsOfFiles,
  staffOrNull,
  staffPseudonym,
} from "../../http/file_export.ts";
import { orNull } from "../../http/schemas.ts";
import {
  accesses,
  type EmergencyAccessRow,
  type MemberRow,
  members,
} from "./queries.ts";
import { toEmergencyAccess, toMember } from "./rules.ts";
import { CareTeamMemberSchema, EmergencyAccessSchema } from "./schemas.ts";

const {
  staffId: _staffId,
  staffName: _staffName,
  addedBy: _addedBy,
  removedBy: _removedBy,
  ...memberShape
} = CareTeamMemberSchema.shape;

const MemberItemSchema = z.strictObject({
  ...memberShape,
  staff: staffPseudonym,
  addedBy: staffPseudonym,
  removedBy: orNull(staffPseudonym),
});

/** Who may see the file, or might. */
export const careTeamPart: ExportPart = {
  name: "care_team",
  description: "Who may see the file, and who might before",
  item: MemberItemSchema,
  async *items(scope) {
    for await (const rows of rowsOfFiles<MemberRow>(scope, sql`*`, members)) {
      yield rows.map((row): z.infer<typeof MemberItemSchema> => {
        const { staffId, staffName: _staffName, addedBy, removedBy, ...rest } =
          toMember(scope.vault, row);
        return {
          ...rest,
          staff: scope.staff(staffId),
          addedBy: scope.staff(addedBy),
          removedBy: staffOrNull(scope, removedBy),
        };
      });
    }
  },
};

const { staffId: _opener, staffName: _openerName, ...accessShape } =
  EmergencyAccessSchema.shape;

const AccessItemSchema = z.strictObject({
  ...accessShape,
  staff: staffPseudonym,
});

/** Who opened the file without being of the team. */
export const emergencyAccessesPart: ExportPart = {
  name: "emergency_accesses",
  description: "Who opened the file in an emergency, and why",
  item: AccessItemSchema,
  async *items(scope) {
    const rows = rowsOfFiles<EmergencyAccessRow>(scope, sql`*`, accesses);
    for await (const batch of rows) {
      yield batch.map((row): z.infer<typeof AccessItemSchema> => {
        const { staffId, staffName: _staffName, ...rest } = toEmergencyAccess(
          scope.vault,
          row,
        );
        return { ...rest, staff: scope.staff(staffId) };
      });
    }
  },
};
