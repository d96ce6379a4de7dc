import { z } from "@hono/zod-openapi";
import { sql } from "../../db/sql.ts";
import {
  type ExportPart,
  type ExportScope,
  rowsOfFiles,
  staffOrNull,
  staffPseudonym,
} from "../../http/file_export.ts";
import { instant, label, orNull } from "../../http/schemas.ts";
import { type AppointmentRow, columns } from "./queries.ts";
import { toAppointment } from "./rules.ts";
import { AppointmentSchema } from "./schemas.ts";

const {
  practitionerId: _practitioner,
  typeId: _type,
  groupId: _group,
  resourceIds: _resources,
  transitions: _transitions,
  ...shape
} = AppointmentSchema.shape;

const ItemSchema = z.strictObject({
  ...shape,
  type: label({
    max: 100,
    description: "What was to be done",
    example: "Consultation",
  }),
  practitioner: orNull(staffPseudonym).openapi({
    description: "Who sees the patient, if that is a member of the staff",
  }),
  transitions: z.array(z.strictObject({
    state: shape.state,
    at: instant("Since when"),
    staff: staffPseudonym,
  })).openapi({ description: "The states that it was put into, in order" }),
});

type Item = z.infer<typeof ItemSchema>;

interface Row extends AppointmentRow {
  readonly type_name: string;
  readonly practitioner_staff_id: string | null;
}

export const appointmentsPart: ExportPart = {
  name: "appointments",
  description: "Appointments of the past and of the future",
  item: ItemSchema,
  async *items(scope) {
    const wanted = sql`${columns},
      (select name from appointment_types as t where t.id = a.type_id)
        as type_name,
      (select staff_id from practitioners as p where p.id = a.practitioner_id)
        as practitioner_staff_id`;
    const from = sql`appointments as a`;
    for await (const rows of rowsOfFiles<Row>(scope, wanted, from)) {
      yield rows.map((row) => toItem(scope, row));
    }
  },
};

function toItem(scope: ExportScope, row: Row): Item {
  const {
    practitionerId: _practitioner,
    typeId: _type,
    groupId: _group,
    resourceIds: _resources,
    transitions,
    ...members
  } = toAppointment(scope.vault, row);
  return {
    ...members,
    type: row.type_name,
    practitioner: staffOrNull(scope, row.practitioner_staff_id),
    transitions: transitions.map(({ state, at, staffId }) => ({
      state,
      at,
      staff: scope.staff(staffId),
    })),
  };
}
