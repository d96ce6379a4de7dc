import { etagOf, requireIfMatch } from "../../../http/etag.ts";
import { clinicRouter } from "../../../http/router.ts";
import { requireReadable } from "../../../tenancy/file_access.ts";
import { noSuchPatient } from "../changes.ts";
import { findPatient } from "../queries.ts";
import { toPatient } from "../rules.ts";
import * as declared from "./declarations.ts";
import { mergeFiles, separateFiles } from "./merge.ts";
import { findDuplicates } from "./queries.ts";

export const patientMerging = clinicRouter();

patientMerging.openapi(declared.listDuplicates, async (c) => {
  const { id } = c.req.valid("param");
  const { clinic, vault, actor } = c.var;
  const rows = await clinic.readAs(
    { action: "patient.list-duplicates", entityId: id, patientId: id },
    async (tx) => {
      const file = await findPatient(tx, id);
      if (!file) throw noSuchPatient();
      requireReadable(actor, file);
      return await findDuplicates(tx, actor, file);
    },
  );
  const data = rows.map((row) => ({
    patient: toPatient(vault, row),
    reasons: row.reasons,
  }));
  return c.json({ data }, 200);
});

patientMerging.openapi(declared.mergePatients, async (c) => {
  const { id } = c.req.valid("param");
  const { patientId } = c.req.valid("json");
  const { clinic, vault, actor } = c.var;
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await mergeFiles(
    { clinic, vault, actor, condition },
    id,
    patientId,
  );
  c.header("etag", etagOf(row.version));
  return c.json(toPatient(vault, row), 200);
});

patientMerging.openapi(declared.separatePatients, async (c) => {
  const { id } = c.req.valid("param");
  const { clinic, vault, actor } = c.var;
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await separateFiles({ clinic, vault, actor, condition }, id);
  c.header("etag", etagOf(row.version));
  return c.json(toPatient(vault, row), 200);
});
