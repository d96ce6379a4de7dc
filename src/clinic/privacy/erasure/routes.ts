import { cursorBinding } from "../../../http/cursor.ts";
import { requireTag } from "../../../http/etag.ts";
import { clinicRouter } from "../../../http/router.ts";
import { noSuch } from "../../../http/row_versions.ts";
import { answerPage } from "../../../http/sorted_list.ts";
import { readPlan } from "../../../tenancy/erasure/erase_person.ts";
import { erasePerson } from "./changes.ts";
import * as declared from "./declarations.ts";
import { findErasure, findPerson, listErasures } from "./queries.ts";
import { planTag, toErasure, toPlan } from "./rules.ts";

export const erasures = clinicRouter();

erasures.openapi(declared.planErasure, async (c) => {
  const { id } = c.req.valid("param");
  const plan = await c.var.clinic.readAs(
    { action: "patient.plan-erasure", entityId: id, patientId: id },
    async (tx) => {
      const person = await findPerson(tx, id);
      if (!person) throw noSuch("patient");
      return toPlan(person, await readPlan(tx, person.file_ids));
    },
  );
  c.header("etag", planTag(plan));
  return c.json(plan, 200);
});

erasures.openapi(declared.erasePatient, async (c) => {
  const { id } = c.req.valid("param");
  const tag = requireTag(c.req.header("if-match"));
  return c.json(toErasure(await erasePerson(c.var, id, tag)), 200);
});

erasures.openapi(declared.listErasures, async (c) => {
  const { patientId, sort = "-createdAt", ...page } = c.req.valid("query");
  const found = await answerPage(
    c,
    cursorBinding("listErasures", { patientId, sort }),
    page,
    (window) =>
      c.var.clinic.readAs(
        { action: "erasure.list", ...(patientId ? { patientId } : {}) },
        (tx) => listErasures(tx, patientId, sort, window),
      ),
    toErasure,
  );
  return c.json(found, 200);
});

erasures.openapi(declared.getErasure, async (c) => {
  const { id } = c.req.valid("param");
  const row = await c.var.clinic.readAs(
    { action: "erasure.view", entityId: id },
    (tx) => findErasure(tx, id),
  );
  if (!row) throw noSuch("certificate");
  return c.json(toErasure(row), 200);
});
