import type { Context } from "hono";
import { cursorBinding } from "../../http/cursor.ts";
import type { ClinicEnv } from "../../http/env.ts";
import { etagOf, requireIfMatch } from "../../http/etag.ts";
import { clinicRouter } from "../../http/router.ts";
import { noSuch, showVersion } from "../../http/row_versions.ts";
import { answerPage } from "../../http/sorted_list.ts";
import { requireReadableFile } from "../../tenancy/file_access.ts";
import { book, changeAppointment, moveToState } from "./changes.ts";
import * as declared from "./declarations.ts";
import { NOUN } from "./problems.ts";
import {
  type AppointmentRow,
  findAppointment,
  listAppointments,
} from "./queries.ts";
import { reassign } from "./reassign.ts";
import { reassignAppointments } from "./reassign_declarations.ts";
import { toAppointment } from "./rules.ts";
import type { Appointment } from "./schemas.ts";

export const appointments = clinicRouter();

appointments.openapi(declared.bookAppointment, async (c) => {
  const row = await book(c.var, c.req.valid("json"));
  c.header("location", `/v1/appointments/${row.id}`);
  return c.json(shown(c, row), 201);
});

appointments.openapi(declared.listAppointments, async (c) => {
  const { sort = "startsAt", limit, cursor, ...filter } = c.req.valid("query");
  const { vault, clinic, actor } = c.var;
  const binding = cursorBinding("listAppointments", { sort, ...filter });
  const { patientId } = filter;
  const page = await answerPage(
    c,
    binding,
    { limit, cursor },
    (window) =>
      clinic.readAs(
        { action: "appointment.list", ...patientId ? { patientId } : {} },
        (tx) => listAppointments(tx, actor, filter, sort, window),
      ),
    (row) => toAppointment(vault, row),
  );
  return c.json(page, 200);
});

appointments.openapi(reassignAppointments, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(await reassign(c.var, id, c.req.valid("json")), 200);
});

appointments.openapi(declared.getAppointment, async (c) => {
  const { id } = c.req.valid("param");
  const { clinic, actor } = c.var;
  const row = await clinic.read((tx) => findAppointment(tx, id));
  if (!row) throw noSuch(NOUN);
  // Whose reading it is, only the row tells.
  await clinic.readAs(
    { action: "appointment.view", entityId: id, patientId: row.patient_id },
    (tx) => requireReadableFile(tx, actor, row.patient_id),
  );
  if (showVersion(c, row.version)) return c.body(null, 304);
  return c.json(toAppointment(c.var.vault, row), 200);
});

appointments.openapi(declared.changeAppointment, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const patch = c.req.valid("json");
  const row = await changeAppointment(c.var, id, condition, patch);
  return c.json(shown(c, row), 200);
});

appointments.openapi(declared.confirmAppointment, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await moveToState(c.var, id, condition, "confirmed");
  return c.json(shown(c, row), 200);
});

appointments.openapi(declared.startAppointment, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await moveToState(c.var, id, condition, "in_progress");
  return c.json(shown(c, row), 200);
});

appointments.openapi(declared.completeAppointment, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await moveToState(c.var, id, condition, "completed");
  return c.json(shown(c, row), 200);
});

appointments.openapi(declared.cancelAppointment, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const { reason } = c.req.valid("json");
  const row = await moveToState(c.var, id, condition, "cancelled", reason);
  return c.json(shown(c, row), 200);
});

appointments.openapi(declared.missAppointment, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await moveToState(c.var, id, condition, "no_show");
  return c.json(shown(c, row), 200);
});

/** The representation, with its ETag. */
function shown(c: Context<ClinicEnv>, row: AppointmentRow): Appointment {
  c.header("etag", etagOf(row.version));
  return toAppointment(c.var.vault, row);
}
