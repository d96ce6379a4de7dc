import { cursorBinding } from "../../../http/cursor.ts";
import { closePage, openPage } from "../../../http/pages.ts";
import { clinicRouter } from "../../../http/router.ts";
import { linkNext } from "../../../http/row_versions.ts";
import { requireReadable } from "../../../tenancy/file_access.ts";
import { noSuchPatient } from "../changes.ts";
import { findPatient } from "../queries.ts";
import * as declared from "./declarations.ts";
import { readTimeline, type TimelineRow } from "./queries.ts";
import type { TimelineItem } from "./schemas.ts";

export const patientTimeline = clinicRouter();

patientTimeline.openapi(declared.readTimeline, async (c) => {
  const { id } = c.req.valid("param");
  const { kind, ...page } = c.req.valid("query");
  const { clinic, vault, actor } = c.var;
  const binding = cursorBinding("readPatientTimeline", { id, kind });
  const window = openPage(vault, binding, page);
  const rows = await clinic.readAs(
    { action: "patient.timeline", entityId: id, patientId: id },
    async (tx) => {
      const [file, rows] = await Promise.all([
        findPatient(tx, id),
        readTimeline(tx, actor, id, kind, window),
      ]);
      if (!file) throw noSuchPatient();
      requireReadable(actor, file);
      return rows;
    },
  );
  const result = closePage(
    vault,
    binding,
    window,
    rows,
    positionOf,
    toItem,
  );
  linkNext(c, result.page.nextCursor);
  return c.json(result, 200);
});

function positionOf(row: TimelineRow): [string, string] {
  return [row.at, row.id];
}

function toItem(row: TimelineRow): TimelineItem {
  return {
    kind: row.kind,
    id: row.id,
    at: row.at,
    state: row.state,
    patientId: row.patient_id,
  };
}
