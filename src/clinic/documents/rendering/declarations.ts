import { z } from "@hono/zod-openapi";
import { clinicRoute } from "../../../http/route.ts";
import { DocumentParams, PdfQuery } from "../schemas.ts";

const tags: ["documents"] = ["documents"];

const problems = ["not-found", "conflict"] as const;

const request = {
  params: DocumentParams,
  query: PdfQuery,
  headers: z.object({
    "Accept-Language": z.string().max(200).optional().openapi({
      description: "Languages of the print, if `locale` does not say",
      example: "fr-FR, en;q=0.8",
    }),
  }),
};

const pdf = {
  description: "The print",
  content: {
    "application/pdf": {
      schema: z.string().max(10_000_000).openapi("PdfFile", {
        format: "binary",
        description: "A PDF/A-3b",
        example: "%PDF-1.7",
      }),
    },
  },
  headers: z.object({
    "content-disposition": z.string().openapi({
      description: "The name of the file: the document's number",
      pattern: "^inline; filename=",
      maxLength: 100,
      example: 'inline; filename="FA-2026-0001.pdf"',
    }),
  }),
};

const description =
  "Of an issued document, always the same: in French or English, with every mention that the law wants.";
const facturX =
  " It is a Factur-X: the XML of EN 16931 is embedded as `factur-x.xml`.";

export const getQuotePdf = clinicRoute("documents.view", {
  method: "get",
  path: "/quotes/{id}/pdf",
  operationId: "getQuotePdf",
  tags,
  summary: "Print a quote",
  description,
  problems,
  request,
  responses: { 200: pdf },
});

export const getInvoicePdf = clinicRoute("documents.view", {
  method: "get",
  path: "/invoices/{id}/pdf",
  operationId: "getInvoicePdf",
  tags,
  summary: "Print an invoice",
  description: description + facturX,
  problems,
  request,
  responses: { 200: pdf },
});

export const getCreditNotePdf = clinicRoute("documents.view", {
  method: "get",
  path: "/credit-notes/{id}/pdf",
  operationId: "getCreditNotePdf",
  tags,
  summary: "Print a credit note",
  description: description + facturX,
  problems,
  request,
  responses: { 200: pdf },
});
