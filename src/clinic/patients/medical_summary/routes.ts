import type { Context } from "hono";
import { cursorBinding } from "../../../http/cursor.ts";
import type { ClinicEnv } from "../../../http/env.ts";
import { requireIfMatch } from "../../../http/etag.ts";
import { clinicRouter } from "../../../http/router.ts";
import { showVersion } from "../../../http/row_versions.ts";
import { answerPage } from "../../../http/sorted_list.ts";
import { requireFileAccess } from "../../../tenancy/file_access.ts";
import { noSuchPatient } from "../changes.ts";
import { findPatient } from "../queries.ts";
import { readSummary, replaceSummary, type SummaryScope } from "./changes.ts";
import * as declared from "./declarations.ts";
import { listSummaries } from "./queries.ts";
import { toVersion } from "./rules.ts";

export const medicalSummaries = clinicRouter();

medicalSummaries.openapi(declared.getMedicalSummary, async (c) => {
  const summary = await readSummary(scopeOf(c), c.req.valid("param").id);
  // Merged files have versions of their own, which the tag of this one does not tell.
  const isSame = showVersion(c, summary.version);
  if (isSame && summary.ofMergedFiles.length === 0) return c.body(null, 304);
  return c.json(summary, 200);
});

medicalSummaries.openapi(declared.replaceMedicalSummary, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const body = c.req.valid("json");
  const summary = await replaceSummary(scopeOf(c), id, condition, body);
  showVersion(c, summary.version);
  return c.json(summary, 200);
});

medicalSummaries.openapi(declared.listMedicalSummaryVersions, async (c) => {
  const { id } = c.req.valid("param");
  const { clinic, actor, vault } = c.var;
  const found = await answerPage(
    c,
    cursorBinding("listMedicalSummaryVersions", { id }),
    c.req.valid("query"),
    (window) =>
      clinic.readAs(
        { action: "medical-summary.list", entityId: id, patientId: id },
        async (tx) => {
          if (!await findPatient(tx, id)) throw noSuchPatient();
          await requireFileAccess(tx, actor, id);
          return await listSummaries(tx, id, window);
        },
      ),
    (row) => toVersion(vault, row),
  );
  return c.json(found, 200);
});

function scopeOf(c: Context<ClinicEnv>): SummaryScope {
  const { clinic: db, vault, actor } = c.var;
  return { db, vault, actor };
}
