import { z } from "@hono/zod-openapi";
import { json, platformRoute } from "../../http/route.ts";
import {
  cursorParameter,
  id,
  instant,
  integer,
  label,
  limitParameter,
  pageHeaders,
  pageOf,
} from "../../http/schemas.ts";

const tags: ["platform"] = ["platform"];

const MAX = 2_147_483_647;

const CellSchema = z.strictObject({
  id: id("The cell"),
  name: label({
    max: 31,
    pattern: "^[a-z][a-z0-9-]{0,30}$",
    description: "What it is called",
    example: "paris-1",
  }),
  state: z.enum(["open", "full", "closed"]).openapi({
    description: "Whether it takes new clinics",
    example: "open",
  }),
  maxBackends: integer({
    min: 1,
    max: MAX,
    description: "Connections to PostgreSQL that its clinics may hold together",
    example: 150,
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

const CellPageSchema = pageOf(CellSchema, "CellPage", "A page of cells");

export const listCells = platformRoute("platform.cells.view", {
  method: "get",
  path: "/cells",
  operationId: "listCells",
  tags,
  summary: "List the cells",
  description: "Where clinics' databases can be, by name.",
  problems: ["invalid-cursor"],
  request: {
    query: z.strictObject({ limit: limitParameter, cursor: cursorParameter }),
  },
  responses: {
    200: { ...json(CellPageSchema, "A page of cells"), headers: pageHeaders },
  },
});
