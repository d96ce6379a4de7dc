import type { OpenAPIHono } from "@hono/zod-openapi";
import { cursorBinding } from "../../../http/cursor.ts";
import type { ClinicEnv } from "../../../http/env.ts";
import { requireIfMatch } from "../../../http/etag.ts";
import type { Reauthenticate } from "../../../http/reauthentication.ts";
import { clinicRouter } from "../../../http/router.ts";
import { noSuch, showVersion } from "../../../http/row_versions.ts";
import { answerPage } from "../../../http/sorted_list.ts";
import type { Letters } from "../../../mail/letters.ts";
import { request, takeBack } from "./changes.ts";
import * as declared from "./declarations.ts";
import { sendLink } from "./links/send.ts";
import { sendExportLink } from "./links/declarations.ts";
import type { ExportMaker } from "./making/maker.ts";
import { findExport, listExports } from "./queries.ts";
import { toExport } from "./rules.ts";

export interface ExportDependencies {
  readonly maker: Pick<ExportMaker, "look">;
  readonly reauthenticate: Reauthenticate;
  readonly letters: Letters;
}

/** What the staff does with exports of patients' files. */
export function exportRoutes(
  { maker, reauthenticate, letters }: ExportDependencies,
): OpenAPIHono<ClinicEnv> {
  const router = clinicRouter();

  router.openapi(declared.requestExport, async (c) => {
    const { id: patientId } = c.req.valid("param");
    const { days, ...given } = c.req.valid("json");
    const { clinic: db, vault, actor, origin, clinicInfo } = c.var;
    const useUp = await reauthenticate(c, given);
    const author = { db, vault, actor, origin };
    const requested = await request(author, patientId, days, useUp);
    c.set("afterwards", () => maker.look(clinicInfo.id));
    c.header("location", `/v1/exports/${requested.id}`);
    return c.json(requested, 202);
  });

  router.openapi(declared.listExports, async (c) => {
    const { patientId, state = "all", sort = "-createdAt", ...page } = c.req
      .valid("query");
    const filter = { patientId, state };
    const found = await answerPage(
      c,
      cursorBinding("listPatientExports", { ...filter, sort }),
      page,
      (window) =>
        c.var.clinic.readAs(
          { action: "export.list", ...(patientId ? { patientId } : {}) },
          (tx) => listExports(tx, filter, sort, window),
        ),
      toExport,
    );
    return c.json(found, 200);
  });

  router.openapi(declared.getExport, async (c) => {
    const { id } = c.req.valid("param");
    const { clinic, clinicInfo } = c.var;
    const row = await clinic.read((tx) => findExport(tx, id));
    if (!row) throw noSuch("export");
    await clinic.readAs(
      { action: "export.view", entityId: id, patientId: row.patient_id },
      () => Promise.resolve(),
    );
    if (row.idle) maker.look(clinicInfo.id);
    if (showVersion(c, row.version)) return c.body(null, 304);
    return c.json(toExport(row), 200);
  });

  router.openapi(declared.cancelExport, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    await takeBack(c.var.clinic, id, condition);
    return c.body(null, 204);
  });

  router.openapi(sendExportLink, async (c) => {
    const { id } = c.req.valid("param");
    const { clinic, clinicInfo } = c.var;
    const sent = await sendLink(clinic, clinicInfo, id, c.req.valid("json"));
    const { to, token, link } = sent;
    if (to) letters.exportLink(to, token, link.expiresAt);
    return c.json(link, 200);
  });

  return router;
}
