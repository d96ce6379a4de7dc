import { clinicRoute, json } from "../../../http/route.ts";
import { AccountingQuery, AccountingSummarySchema } from "./schemas.ts";

export const getAccountingSummary = clinicRoute("documents.view", {
  method: "get",
  path: "/accounting/summary",
  operationId: "getAccountingSummary",
  tags: ["documents"],
  summary: "Sum up what was billed and cashed",
  description:
    "Of the documents issued from one day to another: revenue, VAT for each rate, and what was cashed in which way. It names no patient.",
  request: { query: AccountingQuery },
  responses: { 200: json(AccountingSummarySchema, "The sums") },
});
