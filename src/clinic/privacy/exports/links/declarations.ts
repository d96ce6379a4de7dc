import { z } from "@hono/zod-openapi";
import {
  clinicRoute,
  json,
  jsonBody,
  publicRoute,
} from "../../../../http/route.ts";
import { ExportParams } from "../schemas.ts";
import {
  ExportLinkCreateSchema,
  ExportLinkSchema,
  ExportLinkTokenSchema,
} from "./schemas.ts";

const tags: ["privacy"] = ["privacy"];

export const sendExportLink = clinicRoute("privacy.export", {
  method: "post",
  path: "/exports/{id}/links",
  operationId: "sendExportLink",
  tags,
  summary: "Send the patient a link to an archive",
  description:
    "The link fetches the archive once; a new one makes earlier ones void, and can be sent again for a day after a download that did not arrive. The passphrase is not in it. `conflict`: there is no archive, the patient has no e-mail address, or too many links were sent.",
  problems: ["not-found", "conflict"],
  idempotent: true,
  request: { params: ExportParams, body: jsonBody(ExportLinkCreateSchema) },
  responses: { 200: json(ExportLinkSchema, "The link is on its way") },
});

export const fetchExport = publicRoute({
  method: "post",
  path: "/export-links/fetch",
  operationId: "fetchPatientExport",
  tags,
  summary: "Fetch an archive by a link",
  description:
    "Uses up the link when the download begins, whether or not it arrives. The archive opens with the passphrase that the clinic has given.",
  problems: [
    "invalid-link",
    "clinic-suspended",
    "clinic-in-maintenance",
    "clinic-unavailable",
  ],
  request: { body: jsonBody(ExportLinkTokenSchema) },
  responses: {
    200: {
      description: "The archive",
      content: {
        "application/zip": {
          schema: z.string().max(300_000_000).openapi("PatientArchive", {
            format: "binary",
            description: "A ZIP, encrypted with AES-256 (AE-2)",
            example: "PK",
          }),
        },
      },
      headers: z.object({
        "content-disposition": z.string().openapi({
          description: "The name of the file",
          pattern: "^attachment; filename=",
          maxLength: 100,
          example: 'attachment; filename="export-2026-03-29.zip"',
        }),
      }),
    },
  },
});
