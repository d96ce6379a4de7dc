import { clinicRoute, json, jsonBody } from "../../../http/route.ts";
import {
  createdHeaders,
  EXAMPLE_ID,
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../../http/schemas.ts";
import { notModified, versioned } from "../../../http/versioned_schemas.ts";
import {
  ExportedPatientParams,
  ExportParams,
  PatientExportCreateSchema,
  PatientExportListQuery,
  PatientExportPageSchema,
  PatientExportSchema,
  RequestedExportSchema,
} from "./schemas.ts";

const tags: ["privacy"] = ["privacy"];

export const requestExport = clinicRoute("privacy.export", {
  method: "post",
  path: "/patients/{id}/exports",
  operationId: "requestPatientExport",
  tags,
  summary: "Ask for everything that the clinic has of a patient",
  description:
    "For GDPR articles 15 and 20: an archive (ZIP, AES-256) with everything as JSON and its schemas, issued documents as PDF, who opened the file, and checksums. It is made in the background; nobody else is named in it, the staff stand in it by pseudonyms. `conflict`: one is being made for this patient already, or the file is part of another.",
  problems: ["not-found", "conflict"],
  idempotent: true,
  request: {
    params: ExportedPatientParams,
    body: jsonBody(PatientExportCreateSchema),
  },
  responses: {
    202: {
      ...json(RequestedExportSchema, "It is being made"),
      headers: createdHeaders(`/v1/exports/${EXAMPLE_ID}`),
    },
  },
});

export const listExports = clinicRoute("privacy.export", {
  method: "get",
  path: "/exports",
  operationId: "listPatientExports",
  tags,
  summary: "List exports",
  description: "What was asked for, and what became of it.",
  problems: ["invalid-cursor"],
  request: { query: PatientExportListQuery },
  responses: {
    200: {
      ...json(PatientExportPageSchema, "A page of exports"),
      headers: pageHeaders,
    },
  },
});

export const getExport = clinicRoute("privacy.export", {
  method: "get",
  path: "/exports/{id}",
  operationId: "getPatientExport",
  tags,
  summary: "Read how an export stands",
  description: "To be asked again until it is `ready` or `failed`.",
  problems: ["not-found"],
  request: { params: ExportParams, headers: ifNoneMatchHeader },
  responses: {
    200: versioned(PatientExportSchema, "The export"),
    304: notModified("export"),
  },
});

export const cancelExport = clinicRoute("privacy.export", {
  method: "delete",
  path: "/exports/{id}",
  operationId: "cancelPatientExport",
  tags,
  summary: "Take an export back",
  description:
    "The archive is gone, and its links are good no more; that it was asked for stays. `conflict`: it is over already.",
  problems: [
    "not-found",
    "conflict",
    "precondition-required",
    "precondition-failed",
  ],
  request: { params: ExportParams, headers: ifMatchHeader },
  responses: { 204: { description: "It is taken back" } },
});
