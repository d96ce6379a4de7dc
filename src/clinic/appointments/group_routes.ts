import type { Context } from "hono";
import type { ClinicEnv } from "../../http/env.ts";
import { etagOf, requireIfMatch } from "../../http/etag.ts";
import { clinicRouter } from "../../http/router.ts";
import { noSuch, showVersion } from "../../http/row_versions.ts";
import { requireReadableFile } from "../../tenancy/file_access.ts";
import {
  bookGroup,
  cancelGroup,
  GROUP_NOUN,
  moveGroup,
} from "./group_changes.ts";
import * as declared from "./group_declarations.ts";
import { findGroup, type Group } from "./group_queries.ts";
import type { AppointmentGroup } from "./group_schemas.ts";
import { toAppointment } from "./rules.ts";

/** Appointments that belong together: a series, or the steps of one visit. */
export const appointmentGroups = clinicRouter();

appointmentGroups.openapi(declared.bookAppointmentGroup, async (c) => {
  const group = await bookGroup(c.var, c.req.valid("json"));
  c.header("location", `/v1/appointment-groups/${group.id}`);
  return c.json(shown(c, group), 201);
});

appointmentGroups.openapi(declared.getAppointmentGroup, async (c) => {
  const { id } = c.req.valid("param");
  const { clinic, actor } = c.var;
  const group = await clinic.snapshot((tx) => findGroup(tx, id));
  if (!group) throw noSuch(GROUP_NOUN);
  await clinic.readAs(
    {
      action: "appointment-group.view",
      entityId: id,
      patientId: group.patient_id,
    },
    (tx) => requireReadableFile(tx, actor, group.patient_id),
  );
  if (showVersion(c, group.version)) return c.body(null, 304);
  return c.json(shown(c, group), 200);
});

appointmentGroups.openapi(declared.moveAppointmentGroup, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const group = await moveGroup(c.var, id, condition, c.req.valid("json"));
  return c.json(shown(c, group), 200);
});

appointmentGroups.openapi(declared.cancelAppointmentGroup, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const { reason } = c.req.valid("json");
  const group = await cancelGroup(c.var, id, condition, reason);
  return c.json(shown(c, group), 200);
});

/** The representation, with its ETag. */
function shown(c: Context<ClinicEnv>, group: Group): AppointmentGroup {
  c.header("etag", etagOf(group.version));
  return {
    id: group.id,
    patientId: group.patient_id,
    appointments: group.appointments.map((row) =>
      toAppointment(c.var.vault, row)
    ),
    version: group.version,
    createdAt: group.created_at,
    updatedAt: group.updated_at,
  };
}
