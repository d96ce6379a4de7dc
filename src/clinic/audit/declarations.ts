import { z } from "@hono/zod-openapi";
import { clinicRoute, json } from "../../http/route.ts";
import { id, pageHeaders } from "../../http/schemas.ts";
import {
  AccessesQuery,
  AuditExportQuery,
  AuditPageSchema,
  AuditQuery,
} from "./schemas.ts";

const tags: ["audit"] = ["audit"];

const page = {
  ...json(AuditPageSchema, "A page of the trail"),
  headers: pageHeaders,
};

export const listTrail = clinicRoute("audit.view", {
  method: "get",
  path: "/audit",
  operationId: "listAuditLines",
  tags,
  summary: "Read the clinic's trail",
  description:
    "Who did what, the latest first, by patient, person, action and time. This look into the trail is on it as well.",
  problems: ["invalid-cursor"],
  request: { query: AuditQuery },
  responses: { 200: page },
});

export const listAccesses = clinicRoute("audit.view", {
  method: "get",
  path: "/patients/{id}/accesses",
  operationId: "listPatientAccesses",
  tags,
  summary: "Who opened a patient's file",
  description:
    "Everything that was done with the file, reading included, the latest first.",
  problems: ["not-found", "invalid-cursor"],
  request: {
    params: z.strictObject({
      id: id("The patient").openapi({ param: { name: "id", in: "path" } }),
    }),
    query: AccessesQuery,
  },
  responses: { 200: page },
});

export const exportTrail = clinicRoute("audit.view", {
  method: "get",
  path: "/audit/export",
  operationId: "exportAuditLines",
  tags,
  summary: "Export the clinic's trail",
  description:
    'All lines that fit, the latest first, one JSON text a line (NDJSON), as long as the request may take; each is an `AuditLine`. The last line is `{"complete":true}`: without it, something is missing.',
  request: { query: AuditExportQuery },
  responses: {
    200: {
      description: "The lines",
      content: {
        "application/x-ndjson": {
          schema: z.string().max(2_000_000_000).openapi("AuditExport", {
            pattern: '\\{"complete":true\\}\\n$',
            description: 'One `AuditLine` a line, then `{"complete":true}`',
            example: '{"complete":true}\n',
          }),
        },
      },
    },
  },
});
