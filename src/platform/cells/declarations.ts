import { json, mergePatchBody, platformRoute } from "../../http/route.ts";
import { ifMatchHeader, pageHeaders } from "../../http/schemas.ts";
import { versioned } from "../../http/versioned_schemas.ts";
import {
  CellListQuery,
  CellPageSchema,
  CellParams,
  CellPatchSchema,
  CellSchema,
} from "./schemas.ts";

const tags: ["platform"] = ["platform"];

export const listCells = platformRoute("platform.cells.view", {
  method: "get",
  path: "/cells",
  operationId: "listCells",
  tags,
  summary: "List the cells",
  description: "Where clinics' databases can be, by name.",
  problems: ["invalid-cursor"],
  request: { query: CellListQuery },
  responses: {
    200: { ...json(CellPageSchema, "A page of cells"), headers: pageHeaders },
  },
});

// No 304: what is counted changes, and the version does not.
export const getCell = platformRoute("platform.cells.view", {
  method: "get",
  path: "/cells/{id}",
  operationId: "getCell",
  tags,
  summary: "Read a cell's entry",
  description:
    "What the registry knows of one cell. The ETag is the version of what can be changed.",
  problems: ["not-found"],
  request: { params: CellParams },
  responses: { 200: versioned(CellSchema, "The cell") },
});

export const changeCell = platformRoute("platform.cells.manage", {
  method: "patch",
  path: "/cells/{id}",
  operationId: "changeCell",
  tags,
  summary: "Change a cell",
  description:
    "A merge patch. The API's processes share `maxBackends` anew within seconds; whether the server has room for so many is seen to by the operator's command `cloison cell change`, which can ask it. Address and key of a cell are a matter of the operator's commands alone: whoever could change them here could lead the connections of all its clinics to another server.",
  problems: ["not-found", "precondition-required", "precondition-failed"],
  request: {
    params: CellParams,
    headers: ifMatchHeader,
    body: mergePatchBody(CellPatchSchema),
  },
  responses: { 200: versioned(CellSchema, "The changed cell") },
});
