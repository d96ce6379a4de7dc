import { z } from "@hono/zod-openapi";
import { json, jsonBody, platformRoute } from "../../http/route.ts";
import { EXAMPLE_ID, pageHeaders } from "../../http/schemas.ts";
import {
  BreachClosingSchema,
  BreachListQuery,
  BreachNotificationSchema,
  BreachPageSchema,
  BreachParams,
  BreachSchema,
  NewBreachSchema,
} from "./schemas.ts";

const tags: ["platform"] = ["platform"];

export function breachPath(id: string): string {
  return `/v1/platform/breaches/${id}`;
}

const location = z.object({
  location: z.string().openapi({
    description: "Path of the entry",
    pattern: "^/v1/platform/breaches/",
    maxLength: 500,
    example: breachPath(EXAMPLE_ID),
  }),
});

export const listBreaches = platformRoute("platform.breaches.view", {
  method: "get",
  path: "/breaches",
  operationId: "listBreaches",
  tags,
  summary: "List the breaches",
  description:
    "The register of article 33 of the GDPR, the newest entry first, each with the hours that are left to tell the CNIL.",
  problems: ["invalid-cursor"],
  request: { query: BreachListQuery },
  responses: {
    200: {
      ...json(BreachPageSchema, "A page of the register"),
      headers: pageHeaders,
    },
  },
});

export const createBreach = platformRoute("platform.breaches.manage", {
  method: "post",
  path: "/breaches",
  operationId: "createBreach",
  tags,
  summary: "Enter a breach",
  description:
    "From its discovery on, 72 hours are left to tell the CNIL. The trail of every clinic that is concerned says that it was entered.",
  idempotent: true,
  request: { body: jsonBody(NewBreachSchema) },
  responses: {
    201: { ...json(BreachSchema, "The entry"), headers: location },
  },
});

export const getBreach = platformRoute("platform.breaches.view", {
  method: "get",
  path: "/breaches/{id}",
  operationId: "getBreach",
  tags,
  summary: "Read a breach",
  description: "Its entry in the register, with every change.",
  problems: ["not-found"],
  request: { params: BreachParams },
  responses: { 200: json(BreachSchema, "The entry") },
});

export const notifyBreach = platformRoute("platform.breaches.manage", {
  method: "post",
  path: "/breaches/{id}/notify",
  operationId: "notifyBreach",
  tags,
  summary: "Record that the CNIL was told",
  description: "Of an open breach. What was recorded stays.",
  problems: ["not-found", "invalid-transition"],
  request: { params: BreachParams, body: jsonBody(BreachNotificationSchema) },
  responses: { 200: json(BreachSchema, "The entry, as it is now") },
});

export const closeBreach = platformRoute("platform.breaches.manage", {
  method: "post",
  path: "/breaches/{id}/close",
  operationId: "closeBreach",
  tags,
  summary: "Close a breach",
  description:
    "Of one that was notified; or, with the reason, of one that need not be.",
  problems: ["not-found", "invalid-transition"],
  request: { params: BreachParams, body: jsonBody(BreachClosingSchema) },
  responses: { 200: json(BreachSchema, "The entry, as it is now") },
});
