import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { cursorBinding } from "../../http/cursor.ts";
import type { ClinicEnv } from "../../http/env.ts";
import { etagOf, requireIfMatch } from "../../http/etag.ts";
import { clinicRouter } from "../../http/router.ts";
import { noSuch, showVersion } from "../../http/row_versions.ts";
import { answerPage } from "../../http/sorted_list.ts";
import type { AuditAction } from "../../kernel/audit_event.ts";
import type { Letters } from "../../mail/letters.ts";
import {
  requireFileAccess,
  requireListAccess,
} from "../../tenancy/file_access.ts";
import { askForConsent, type ConsentScope, takeDecision } from "./changes.ts";
import * as declared from "./declarations.ts";
import { toEvidence } from "./evidence.ts";
import { sendLink } from "./links/changes.ts";
import {
  type ConsentRow,
  findConsent,
  findConsentPatient,
  listConsents,
  listEvents,
} from "./queries.ts";
import { toConsent, toConsentSummary } from "./rules.ts";
import type { Consent } from "./schemas.ts";
import { addTemplateRoutes } from "./templates/routes.ts";

/** What the staff does with consents and their templates. */
export function consentRoutes(
  { letters }: { readonly letters: Letters },
): OpenAPIHono<ClinicEnv> {
  const router = clinicRouter();
  addTemplateRoutes(router);

  router.openapi(declared.requestConsent, async (c) => {
    const row = await askForConsent(scopeOf(c), c.req.valid("json"));
    c.header("location", `/v1/consents/${row.id}`);
    return c.json(show(c, row), 201);
  });

  router.openapi(declared.listConsents, async (c) => {
    const {
      patientId,
      templateId,
      state = "all",
      sort = "-createdAt",
      ...page
    } = c.req.valid("query");
    const { clinic, actor } = c.var;
    const filter = { patientId, templateId, state };
    if (patientId) {
      await clinic.read((tx) => requireListAccess(tx, actor, patientId));
    }
    const found = await answerPage(
      c,
      cursorBinding("listConsents", { ...filter, sort }),
      page,
      (window) =>
        clinic.readAs(
          { action: "consent.list", ...(patientId ? { patientId } : {}) },
          (tx) => listConsents(tx, actor, filter, sort, window),
        ),
      toConsentSummary,
    );
    return c.json(found, 200);
  });

  router.openapi(declared.getConsent, async (c) => {
    const { id } = c.req.valid("param");
    const row = await readConsent(c, id, "consent.view");
    if (showVersion(c, row.version)) return c.body(null, 304);
    return c.json(toConsent(row), 200);
  });

  router.openapi(declared.getConsentEvidence, async (c) => {
    const { id } = c.req.valid("param");
    const row = await readConsent(c, id, "consent.export-evidence");
    const [patient, events] = await c.var.clinic.read((tx) =>
      Promise.all([
        findConsentPatient(tx, row.patient_id),
        listEvents(tx, id),
      ])
    );
    return c.json(toEvidence(c.var.vault, row, patient!, events), 200);
  });

  router.openapi(declared.signConsent, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const { accepted: _, ...details } = c.req.valid("json");
    const decision = { state: "signed", details } as const;
    const row = await takeDecision(scopeOf(c), id, condition, decision);
    return c.json(show(c, row), 200);
  });

  router.openapi(declared.refuseConsent, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const details = c.req.valid("json");
    const decision = { state: "refused", details } as const;
    const row = await takeDecision(scopeOf(c), id, condition, decision);
    return c.json(show(c, row), 200);
  });

  router.openapi(declared.withdrawConsent, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const details = c.req.valid("json");
    const decision = { state: "withdrawn", details } as const;
    const row = await takeDecision(scopeOf(c), id, condition, decision);
    return c.json(show(c, row), 200);
  });

  router.openapi(declared.sendConsentLink, async (c) => {
    const { id } = c.req.valid("param");
    const members = c.req.valid("json");
    const { clinicInfo } = c.var;
    const sent = await sendLink(scopeOf(c), clinicInfo, id, members);
    const { to, token, link } = sent;
    if (to) letters.consentLink(to, token, link.expiresAt);
    return c.json(link, 200);
  });

  return router;
}

/** Reads a consent that the actor may see, and says so in the trail. */
async function readConsent(
  c: Context<ClinicEnv>,
  id: string,
  action: AuditAction,
): Promise<ConsentRow> {
  const { clinic, actor } = c.var;
  const found = await clinic.read((tx) => findConsent(tx, id));
  if (!found) throw noSuch("consent");
  const patientId = found.patient_id;
  await clinic.readAs(
    { action, entityId: id, patientId },
    (tx) => requireFileAccess(tx, actor, patientId),
  );
  return found;
}

function scopeOf(c: Context<ClinicEnv>): ConsentScope {
  const { clinic: db, vault, actor, origin } = c.var;
  return { db, vault, actor, origin };
}

function show(c: Context<ClinicEnv>, row: ConsentRow): Consent {
  c.header("etag", etagOf(row.version));
  return toConsent(row);
}
