import { z } from "@hono/zod-openapi";
import { json, platformRoute } from "../../http/route.ts";
import {
  cursorParameter,
  id,
  limitParameter,
  pageHeaders,
  pageOf,
} from "../../http/schemas.ts";
import {
  OPERATION_KINDS,
  OPERATION_STATES,
} from "../../tenancy/operations/operation.ts";
import { OperationSchema } from "../operation_schemas.ts";

const tags: ["platform"] = ["platform"];

const OperationPageSchema = pageOf(
  OperationSchema,
  "OperationPage",
  "A page of operations",
);

const OperationListQuery = z.strictObject({
  clinicId: id("Only operations on this clinic").optional().openapi({
    param: { name: "clinicId", in: "query" },
  }),
  kind: z.enum(OPERATION_KINDS).optional().openapi({
    description: "Only operations of this kind",
    example: "create",
    param: { name: "kind", in: "query" },
  }),
  state: z.enum(OPERATION_STATES).optional().openapi({
    description: "Only operations in this state",
    example: "failed",
    param: { name: "state", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});

const OperationParams = z.strictObject({
  id: id("The operation").openapi({ param: { name: "id", in: "path" } }),
});

export const listOperations = platformRoute("platform.operations.view", {
  method: "get",
  path: "/operations",
  operationId: "listOperations",
  tags,
  summary: "List the operations",
  description: "Long work on clinics, the newest first.",
  problems: ["invalid-cursor"],
  request: { query: OperationListQuery },
  responses: {
    200: {
      ...json(OperationPageSchema, "A page of operations"),
      headers: pageHeaders,
    },
  },
});

export const getOperation = platformRoute("platform.operations.view", {
  method: "get",
  path: "/operations/{id}",
  operationId: "getOperation",
  tags,
  summary: "See how far an operation is",
  description: "To be asked again until the operation is at its end.",
  problems: ["not-found"],
  request: { params: OperationParams },
  responses: { 200: json(OperationSchema, "The operation") },
});

export const cancelOperation = platformRoute("platform.operations.manage", {
  method: "post",
  path: "/operations/{id}/cancel",
  operationId: "cancelOperation",
  tags,
  summary: "Take an operation back",
  description:
    "One that nothing was done of is `cancelled` at once. What was done of a new clinic is undone first. Everything else is done to its end.",
  problems: ["not-found", "conflict"],
  request: { params: OperationParams },
  responses: { 200: json(OperationSchema, "The operation, as it is now") },
});

export const retryOperation = platformRoute("platform.operations.manage", {
  method: "post",
  path: "/operations/{id}/retry",
  operationId: "retryOperation",
  tags,
  summary: "Let a failed operation go on",
  description: "It goes on at the step that failed.",
  problems: ["not-found", "conflict"],
  request: { params: OperationParams },
  responses: { 200: json(OperationSchema, "The operation, as it is now") },
});
