import type { Context } from "hono";
import { cursorBinding } from "../../http/cursor.ts";
import type { ClinicEnv } from "../../http/env.ts";
import { etagOf, requireIfMatch } from "../../http/etag.ts";
import { clinicRouter } from "../../http/router.ts";
import { noSuch, showVersion } from "../../http/row_versions.ts";
import { answerPage } from "../../http/sorted_list.ts";
import {
  requireFileAccess,
  requireListAccess,
} from "../../tenancy/file_access.ts";
import {
  amendRecord,
  archiveRecord,
  changeRecord,
  openNew,
  type RecordScope,
  signRecord,
  type WholeRecord,
  wholeRecord,
} from "./changes.ts";
import * as declared from "./declarations.ts";
import { listRecords } from "./queries.ts";
import { toRecord, toRecordSummary } from "./rules.ts";
import type { ClinicalRecord } from "./schemas.ts";

export const records = clinicRouter();

records.openapi(declared.createRecord, async (c) => {
  const whole = await openNew(scopeOf(c), c.req.valid("json"));
  c.header("location", `/v1/records/${whole.row.id}`);
  return c.json(show(c, whole), 201);
});

records.openapi(declared.listRecords, async (c) => {
  const {
    patientId,
    kind,
    state = "all",
    status = "active",
    sort = "-createdAt",
    ...page
  } = c.req.valid("query");
  const { clinic, actor, vault } = c.var;
  const filter = { patientId, kind, state, status };
  if (patientId) {
    await clinic.read((tx) => requireListAccess(tx, actor, patientId));
  }
  const found = await answerPage(
    c,
    cursorBinding("listRecords", { ...filter, sort }),
    page,
    (window) =>
      clinic.readAs(
        { action: "record.list", ...(patientId ? { patientId } : {}) },
        (tx) => listRecords(tx, actor, filter, sort, window),
      ),
    (row) => toRecordSummary(vault, row),
  );
  return c.json(found, 200);
});

records.openapi(declared.getRecord, async (c) => {
  const { id } = c.req.valid("param");
  const { clinic, actor, vault } = c.var;
  const whole = await clinic.snapshot((tx) => wholeRecord(tx, id));
  if (!whole) throw noSuch("record");
  const { row, amendments } = whole;
  await clinic.readAs(
    { action: "record.view", entityId: id, patientId: row.patient_id },
    (tx) => requireFileAccess(tx, actor, row.patient_id),
  );
  if (showVersion(c, row.version)) return c.body(null, 304);
  return c.json(toRecord(vault, row, amendments), 200);
});

records.openapi(declared.changeRecord, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const patch = c.req.valid("json");
  const whole = await changeRecord(scopeOf(c), id, condition, patch);
  return c.json(show(c, whole), 200);
});

records.openapi(declared.signRecord, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  return c.json(show(c, await signRecord(scopeOf(c), id, condition)), 200);
});

records.openapi(declared.amendRecord, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const members = c.req.valid("json");
  const whole = await amendRecord(scopeOf(c), id, condition, members);
  return c.json(show(c, whole), 200);
});

records.openapi(declared.archiveRecord, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const whole = await archiveRecord(scopeOf(c), id, condition, true);
  return c.json(show(c, whole), 200);
});

records.openapi(declared.restoreRecord, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const whole = await archiveRecord(scopeOf(c), id, condition, false);
  return c.json(show(c, whole), 200);
});

function scopeOf(c: Context<ClinicEnv>): RecordScope {
  const { clinic: db, vault, actor } = c.var;
  return { db, vault, actor };
}

function show(
  c: Context<ClinicEnv>,
  { row, amendments }: WholeRecord,
): ClinicalRecord {
  c.header("etag", etagOf(row.version));
  return toRecord(c.var.vault, row, amendments);
}
