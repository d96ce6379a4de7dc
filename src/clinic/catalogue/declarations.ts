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
  CatalogueItemCreateSchema,
  CatalogueItemPageSchema,
  CatalogueItemParams,
  CatalogueItemPatchSchema,
  CatalogueItemSchema,
  CatalogueQuery,
} from "./schemas.ts";

const tags: ["catalogue"] = ["catalogue"];

function oneItem(description: string) {
  return { ...json(CatalogueItemSchema, description), headers: etagHeader };
}

export const createCatalogueItem = clinicRoute("catalogue.edit", {
  method: "post",
  path: "/catalogue/items",
  operationId: "createCatalogueItem",
  tags,
  summary: "Add to the catalogue",
  description: "A service or a product, with its price without VAT.",
  problems: ["duplicate", "conflict"],
  idempotent: true,
  request: { body: jsonBody(CatalogueItemCreateSchema) },
  responses: {
    201: {
      ...json(CatalogueItemSchema, "The item was added"),
      headers: createdHeaders(`/v1/catalogue/items/${EXAMPLE_ID}`),
    },
  },
});

export const listCatalogueItems = clinicRoute("catalogue.view", {
  method: "get",
  path: "/catalogue/items",
  operationId: "listCatalogueItems",
  tags,
  summary: "List the catalogue",
  description: "By title, one page at a time.",
  problems: ["invalid-cursor"],
  request: { query: CatalogueQuery },
  responses: {
    200: {
      ...json(CatalogueItemPageSchema, "A page of the catalogue"),
      headers: pageHeaders,
    },
  },
});

export const getCatalogueItem = clinicRoute("catalogue.view", {
  method: "get",
  path: "/catalogue/items/{id}",
  operationId: "getCatalogueItem",
  tags,
  summary: "Read an item of the catalogue",
  description: "With its price and what VAT it bears.",
  problems: ["not-found"],
  request: { params: CatalogueItemParams, headers: ifNoneMatchHeader },
  responses: {
    200: oneItem("The item"),
    304: {
      description: "The item is the one that If-None-Match names",
      headers: etagHeader,
    },
  },
});

export const changeCatalogueItem = clinicRoute("catalogue.edit", {
  method: "patch",
  path: "/catalogue/items/{id}",
  operationId: "changeCatalogueItem",
  tags,
  summary: "Change an item of the catalogue",
  description:
    "A merge patch: null removes, absent leaves as it is, `{}` changes nothing. Quotes and invoices that were made before keep their prices.",
  problems: [
    "not-found",
    "duplicate",
    "conflict",
    "precondition-required",
    "precondition-failed",
  ],
  request: {
    params: CatalogueItemParams,
    headers: ifMatchHeader,
    body: mergePatchBody(CatalogueItemPatchSchema),
  },
  responses: { 200: oneItem("The changed item") },
});

export const archiveCatalogueItem = clinicRoute("catalogue.edit", {
  method: "post",
  path: "/catalogue/items/{id}/archive",
  operationId: "archiveCatalogueItem",
  tags,
  summary: "Take an item off the catalogue",
  description:
    "No new line can name it, and it can be restored. Archiving an archived item changes nothing.",
  problems: ["not-found", "precondition-required", "precondition-failed"],
  request: { params: CatalogueItemParams, headers: ifMatchHeader },
  responses: { 200: oneItem("The archived item") },
});

export const restoreCatalogueItem = clinicRoute("catalogue.edit", {
  method: "post",
  path: "/catalogue/items/{id}/restore",
  operationId: "restoreCatalogueItem",
  tags,
  summary: "Put an item back on the catalogue",
  description:
    "It can be sold again, unless its code has been given to another. Restoring an item that is on offer changes nothing.",
  problems: [
    "not-found",
    "duplicate",
    "precondition-required",
    "precondition-failed",
  ],
  request: { params: CatalogueItemParams, headers: ifMatchHeader },
  responses: { 200: oneItem("The restored item") },
});
