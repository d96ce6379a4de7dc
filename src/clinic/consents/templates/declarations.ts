import {
  clinicRoute,
  json,
  jsonBody,
  mergePatchBody,
} from "../../../http/route.ts";
import {
  createdHeaders,
  EXAMPLE_ID,
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../../http/schemas.ts";
import { notModified, versioned } from "../../../http/versioned_schemas.ts";
import {
  ConsentTemplateCreateSchema,
  ConsentTemplateListQuery,
  ConsentTemplatePageSchema,
  ConsentTemplateParams,
  ConsentTemplatePatchSchema,
  ConsentTemplateSchema,
  ConsentTemplateVersionListQuery,
  ConsentTemplateVersionPageSchema,
} from "./schemas.ts";

const tags: ["consents"] = ["consents"];

const CHANGE_PROBLEMS = [
  "not-found",
  "precondition-required",
  "precondition-failed",
] as const;

function oneTemplate(description: string) {
  return versioned(ConsentTemplateSchema, description);
}

export const createConsentTemplate = clinicRoute("consents.templates.manage", {
  method: "post",
  path: "/consent-templates",
  operationId: "createConsentTemplate",
  tags,
  summary: "Create a consent template",
  description:
    "With the draft of its first version, in one language or several. Patients can be asked for it when it is published.",
  problems: ["duplicate"],
  idempotent: true,
  request: { body: jsonBody(ConsentTemplateCreateSchema) },
  responses: {
    201: {
      ...json(ConsentTemplateSchema, "The template was made"),
      headers: createdHeaders(`/v1/consent-templates/${EXAMPLE_ID}`),
    },
  },
});

export const listConsentTemplates = clinicRoute("consents.templates.view", {
  method: "get",
  path: "/consent-templates",
  operationId: "listConsentTemplates",
  tags,
  summary: "List consent templates",
  description: "Without their texts, one page at a time.",
  problems: ["invalid-cursor"],
  request: { query: ConsentTemplateListQuery },
  responses: {
    200: {
      ...json(ConsentTemplatePageSchema, "A page of templates"),
      headers: pageHeaders,
    },
  },
});

export const getConsentTemplate = clinicRoute("consents.templates.view", {
  method: "get",
  path: "/consent-templates/{id}",
  operationId: "getConsentTemplate",
  tags,
  summary: "Read a consent template",
  description:
    "With the version that patients are asked for, and the draft of the next one.",
  problems: ["not-found"],
  request: { params: ConsentTemplateParams, headers: ifNoneMatchHeader },
  responses: {
    200: oneTemplate("The template"),
    304: notModified("template"),
  },
});

export const listConsentTemplateVersions = clinicRoute(
  "consents.templates.view",
  {
    method: "get",
    path: "/consent-templates/{id}/versions",
    operationId: "listConsentTemplateVersions",
    tags,
    summary: "List the published versions of a consent template",
    description: "The newest first, with their texts, one page at a time.",
    problems: ["not-found", "invalid-cursor"],
    request: {
      params: ConsentTemplateParams,
      query: ConsentTemplateVersionListQuery,
    },
    responses: {
      200: {
        ...json(ConsentTemplateVersionPageSchema, "A page of versions"),
        headers: pageHeaders,
      },
    },
  },
);

export const changeConsentTemplate = clinicRoute("consents.templates.manage", {
  method: "patch",
  path: "/consent-templates/{id}",
  operationId: "changeConsentTemplate",
  tags,
  summary: "Change a consent template",
  description:
    "New texts are the draft of the next version: what was published, and what patients agreed to, stays as it is.",
  problems: [...CHANGE_PROBLEMS],
  request: {
    params: ConsentTemplateParams,
    headers: ifMatchHeader,
    body: mergePatchBody(ConsentTemplatePatchSchema),
  },
  responses: { 200: oneTemplate("The changed template") },
});

export const publishConsentTemplate = clinicRoute("consents.templates.manage", {
  method: "post",
  path: "/consent-templates/{id}/publish",
  operationId: "publishConsentTemplate",
  tags,
  summary: "Publish the draft of a consent template",
  description:
    "Patients are asked for this version from now on. It never changes again. Consents to earlier versions stay, and are shown as outdated.",
  problems: [...CHANGE_PROBLEMS, "conflict"],
  request: { params: ConsentTemplateParams, headers: ifMatchHeader },
  responses: { 200: oneTemplate("The template, with the new version") },
});

export const archiveConsentTemplate = clinicRoute("consents.templates.manage", {
  method: "post",
  path: "/consent-templates/{id}/archive",
  operationId: "archiveConsentTemplate",
  tags,
  summary: "Archive a consent template",
  description:
    "Nobody can be asked for it any more; what was agreed to stays. Archiving an archived template changes nothing.",
  problems: [...CHANGE_PROBLEMS],
  request: { params: ConsentTemplateParams, headers: ifMatchHeader },
  responses: { 200: oneTemplate("The archived template") },
});

export const restoreConsentTemplate = clinicRoute("consents.templates.manage", {
  method: "post",
  path: "/consent-templates/{id}/restore",
  operationId: "restoreConsentTemplate",
  tags,
  summary: "Restore a consent template",
  description:
    "Patients can be asked for it again. Restoring a template that is in use changes nothing.",
  problems: [...CHANGE_PROBLEMS],
  request: { params: ConsentTemplateParams, headers: ifMatchHeader },
  responses: { 200: oneTemplate("The template in use") },
});
