import { z } from "@hono/zod-openapi";
import {
  cursorParameter,
  id,
  instant,
  integer,
  limitParameter,
  pageOf,
} from "../../http/schemas.ts";
import { cellLabel } from "../cell_name.ts";
import { CELL_STATES, MAX_BACKENDS, MAX_READY } from "./queries.ts";

const MAX = 2_147_483_647;

const state = z.enum(CELL_STATES).openapi({
  description: "Whether it takes new clinics",
  example: "open",
});

export const CellSchema = z.strictObject({
  id: id("The cell"),
  name: cellLabel("What it is called"),
  state,
  maxBackends: integer({
    min: 1,
    max: MAX,
    description: "Connections to PostgreSQL that its clinics may hold together",
    example: 150,
  }),
  keepReady: integer({
    min: 0,
    max: MAX_READY,
    description: "Databases that are made beforehand, for new clinics",
    example: 5,
  }),
  ready: integer({
    min: 0,
    max: MAX,
    description: "How many of them are there at the moment",
    example: 5,
  }),
  clinics: integer({
    min: 0,
    max: MAX,
    description: "Clinics in it that are not closed",
    example: 42,
  }),
  createdAt: instant("When it was registered"),
}).openapi("Cell", {
  description: "A PostgreSQL cluster with its pooler and its own key",
});

export type Cell = z.infer<typeof CellSchema>;

export const CellPageSchema = pageOf(CellSchema, "CellPage", "A page of cells");

export const CellListQuery = z.strictObject({
  limit: limitParameter,
  cursor: cursorParameter,
});

export const CellParams = z.strictObject({
  id: id("The cell").openapi({ param: { name: "id", in: "path" } }),
});

export const CellPatchSchema = z.strictObject({
  state: state.optional(),
  maxBackends: integer({
    min: 1,
    max: MAX_BACKENDS,
    description: "Connections to PostgreSQL that its clinics may hold together",
    example: 150,
  }).optional(),
  keepReady: integer({
    min: 0,
    max: MAX_READY,
    description: "Databases to be made beforehand, for new clinics",
    example: 5,
  }).optional(),
}).openapi("CellPatch", { description: "What changes of a cell" });
