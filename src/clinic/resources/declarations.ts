import {
  clinicRoute,
  json,
  jsonBody,
  mergePatchBody,
} from "../../http/route.ts";
import {
  createdHeaders,
  etagHeader,
  EXAMPLE_ID,
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../http/schemas.ts";
import {
  ResourceCreateSchema,
  ResourceListQuery,
  ResourcePageSchema,
  ResourceParams,
  ResourcePatchSchema,
  ResourceSchema,
} from "./schemas.ts";

const tags: ["clinic"] = ["clinic"];

function oneResource(description: string) {
  return { ...json(ResourceSchema, description), headers: etagHeader };
}

export const createResource = clinicRoute("settings.edit", {
  method: "post",
  path: "/resources",
  operationId: "createResource",
  tags,
  summary: "Add a room or machine",
  description:
    "Appointments can have it from now on, unless it is made inactive.",
  idempotent: true,
  request: { body: jsonBody(ResourceCreateSchema) },
  responses: {
    201: {
      ...json(ResourceSchema, "The room or machine was added"),
      headers: createdHeaders(`/v1/resources/${EXAMPLE_ID}`),
    },
  },
});

export const listResources = clinicRoute("settings.view", {
  method: "get",
  path: "/resources",
  operationId: "listResources",
  tags,
  summary: "List rooms and machines",
  description: "By name, one page at a time.",
  problems: ["invalid-cursor"],
  request: { query: ResourceListQuery },
  responses: {
    200: {
      ...json(ResourcePageSchema, "A page of rooms and machines"),
      headers: pageHeaders,
    },
  },
});

export const getResource = clinicRoute("settings.view", {
  method: "get",
  path: "/resources/{id}",
  operationId: "getResource",
  tags,
  summary: "Read a room or machine",
  description: "What it is called, and whether it is in use.",
  problems: ["not-found"],
  request: { params: ResourceParams, headers: ifNoneMatchHeader },
  responses: {
    200: oneResource("The room or machine"),
    304: {
      description: "It is the one that If-None-Match names",
      headers: etagHeader,
    },
  },
});

export const changeResource = clinicRoute("settings.edit", {
  method: "patch",
  path: "/resources/{id}",
  operationId: "changeResource",
  tags,
  summary: "Change a room or machine",
  description:
    "A merge patch: absent leaves as it is, `{}` changes nothing. Appointments that are booked already stay as they are.",
  problems: ["not-found", "precondition-required", "precondition-failed"],
  request: {
    params: ResourceParams,
    headers: ifMatchHeader,
    body: mergePatchBody(ResourcePatchSchema),
  },
  responses: { 200: oneResource("The changed room or machine") },
});
