import { ACTIVE } from "../../http/common_members.ts";
import { cursorBinding } from "../../http/cursor.ts";
import { requireIfMatch } from "../../http/etag.ts";
import { clinicRouter } from "../../http/router.ts";
import { noSuch, showVersion } from "../../http/row_versions.ts";
import { answerPage } from "../../http/sorted_list.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import { addType, changeType, NOUN, toAppointmentType } from "./changes.ts";
import * as declared from "./declarations.ts";
import { findType, listTypes } from "./queries.ts";

export const appointmentTypes = clinicRouter();

appointmentTypes.openapi(declared.createAppointmentType, async (c) => {
  const id = uuidv7();
  const row = await addType(c.var.clinic, id, c.req.valid("json"));
  c.header("location", `/v1/appointment-types/${id}`);
  showVersion(c, row.version);
  return c.json(toAppointmentType(row), 201);
});

appointmentTypes.openapi(declared.listAppointmentTypes, async (c) => {
  const { status = "active", sort = "name", ...page } = c.req.valid("query");
  const descending = sort === "-name";
  const result = await answerPage(
    c,
    cursorBinding("listAppointmentTypes", { status, sort }),
    page,
    (window) =>
      c.var.clinic.read((tx) =>
        listTypes(tx, ACTIVE[status], descending, window)
      ),
    toAppointmentType,
  );
  return c.json(result, 200);
});

appointmentTypes.openapi(declared.getAppointmentType, async (c) => {
  const { id } = c.req.valid("param");
  const row = await c.var.clinic.read((tx) => findType(tx, id));
  if (!row) throw noSuch(NOUN);
  if (showVersion(c, row.version)) return c.body(null, 304);
  return c.json(toAppointmentType(row), 200);
});

appointmentTypes.openapi(declared.changeAppointmentType, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const patch = c.req.valid("json");
  const row = await changeType(c.var.clinic, id, condition, patch);
  showVersion(c, row.version);
  return c.json(toAppointmentType(row), 200);
});
