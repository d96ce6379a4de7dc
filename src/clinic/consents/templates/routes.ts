import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { cursorBinding } from "../../../http/cursor.ts";
import type { ClinicEnv } from "../../../http/env.ts";
import { etagOf, requireIfMatch } from "../../../http/etag.ts";
import { showVersion } from "../../../http/row_versions.ts";
import { answerPage } from "../../../http/sorted_list.ts";
import {
  archiveTemplate,
  changeTemplate,
  createTemplate,
  noSuchTemplate,
  publishTemplate,
} from "./changes.ts";
import * as declared from "./declarations.ts";
import {
  findTemplate,
  listTemplates,
  listVersions,
  type TemplateRow,
} from "./queries.ts";
import { toTemplate, toTemplateSummary, toVersion } from "./rules.ts";
import type { ConsentTemplate } from "./schemas.ts";

export function addTemplateRoutes(router: OpenAPIHono<ClinicEnv>): void {
  router.openapi(declared.createConsentTemplate, async (c) => {
    const row = await createTemplate(c.var.clinic, c.req.valid("json"));
    c.header("location", `/v1/consent-templates/${row.id}`);
    return c.json(show(c, row), 201);
  });

  router.openapi(declared.listConsentTemplates, async (c) => {
    const { status = "active", kind, sort = "-createdAt", ...page } = c.req
      .valid("query");
    const filters = { status, kind };
    const found = await answerPage(
      c,
      cursorBinding("listConsentTemplates", { ...filters, sort }),
      page,
      (window) =>
        c.var.clinic.read((tx) => listTemplates(tx, filters, sort, window)),
      toTemplateSummary,
    );
    return c.json(found, 200);
  });

  router.openapi(declared.getConsentTemplate, async (c) => {
    const { id } = c.req.valid("param");
    const row = await c.var.clinic.read((tx) => findTemplate(tx, id));
    if (!row) throw noSuchTemplate();
    if (showVersion(c, row.version)) return c.body(null, 304);
    return c.json(toTemplate(row), 200);
  });

  router.openapi(declared.listConsentTemplateVersions, async (c) => {
    const { id } = c.req.valid("param");
    const { clinic } = c.var;
    if (!await clinic.read((tx) => findTemplate(tx, id))) {
      throw noSuchTemplate();
    }
    const page = await answerPage(
      c,
      cursorBinding("listConsentTemplateVersions", { id }),
      c.req.valid("query"),
      (window) => clinic.read((tx) => listVersions(tx, id, window)),
      toVersion,
    );
    return c.json(page, 200);
  });

  router.openapi(declared.changeConsentTemplate, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const patch = c.req.valid("json");
    const row = await changeTemplate(c.var.clinic, id, condition, patch);
    return c.json(show(c, row), 200);
  });

  router.openapi(declared.publishConsentTemplate, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const { clinic, actor } = c.var;
    const row = await publishTemplate(clinic, id, condition, actor.staffId);
    return c.json(show(c, row), 200);
  });

  router.openapi(declared.archiveConsentTemplate, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const row = await archiveTemplate(c.var.clinic, id, condition, true);
    return c.json(show(c, row), 200);
  });

  router.openapi(declared.restoreConsentTemplate, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const row = await archiveTemplate(c.var.clinic, id, condition, false);
    return c.json(show(c, row), 200);
  });
}

function show(c: Context<ClinicEnv>, row: TemplateRow): ConsentTemplate {
  c.header("etag", etagOf(row.version));
  return toTemplate(row);
}
