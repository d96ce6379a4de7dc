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
  beginPrescription,
  cancelPrescription,
  changePrescription,
  finalisePrescription,
  type PrescriptionScope,
} from "./changes.ts";
import * as declared from "./declarations.ts";
import {
  findPrescription,
  listPrescriptions,
  type PrescriptionRow,
} from "./queries.ts";
import { toPrescription, toPrescriptionSummary } from "./rules.ts";
import type { Prescription } from "./schemas.ts";

export const prescriptions = clinicRouter();

prescriptions.openapi(declared.createPrescription, async (c) => {
  const row = await beginPrescription(scopeOf(c), c.req.valid("json"));
  c.header("location", `/v1/prescriptions/${row.id}`);
  return c.json(show(c, row), 201);
});

prescriptions.openapi(declared.listPrescriptions, async (c) => {
  const { patientId, state = "all", sort = "-createdAt", ...page } = c.req
    .valid("query");
  const { clinic, actor, vault } = c.var;
  const filter = { patientId, state };
  if (patientId) {
    await clinic.read((tx) => requireListAccess(tx, actor, patientId));
  }
  const found = await answerPage(
    c,
    cursorBinding("listPrescriptions", { ...filter, sort }),
    page,
    (window) =>
      clinic.readAs(
        { action: "prescription.list", ...(patientId ? { patientId } : {}) },
        (tx) => listPrescriptions(tx, actor, filter, sort, window),
      ),
    (row) => toPrescriptionSummary(vault, row),
  );
  return c.json(found, 200);
});

prescriptions.openapi(declared.getPrescription, async (c) => {
  const { id } = c.req.valid("param");
  const { clinic, actor, vault } = c.var;
  const row = await clinic.read((tx) => findPrescription(tx, id));
  if (!row) throw noSuch("prescription");
  const patientId = row.patient_id;
  await clinic.readAs(
    { action: "prescription.view", entityId: id, patientId },
    (tx) => requireFileAccess(tx, actor, patientId),
  );
  if (showVersion(c, row.version)) return c.body(null, 304);
  return c.json(toPrescription(vault, row), 200);
});

prescriptions.openapi(declared.changePrescription, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const patch = c.req.valid("json");
  const row = await changePrescription(scopeOf(c), id, condition, patch);
  return c.json(show(c, row), 200);
});

prescriptions.openapi(declared.finalisePrescription, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await finalisePrescription(scopeOf(c), id, condition);
  return c.json(show(c, row), 200);
});

prescriptions.openapi(declared.cancelPrescription, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const { reason } = c.req.valid("json");
  const row = await cancelPrescription(scopeOf(c), id, condition, reason);
  return c.json(show(c, row), 200);
});

function scopeOf(c: Context<ClinicEnv>): PrescriptionScope {
  const { clinic: db, vault, actor } = c.var;
  return { db, vault, actor };
}

function show(c: Context<ClinicEnv>, row: PrescriptionRow): Prescription {
  c.header("etag", etagOf(row.version));
  return toPrescription(c.var.vault, row);
}
