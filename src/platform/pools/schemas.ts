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

const MAX = 2_147_483_647;

const backends = (description: string, example: number) =>
  integer({ min: 0, max: MAX, description, example });

const PoolShareSchema = z.strictObject({
  processId: id("The process; another one with each start"),
  backends: backends(
    "Connections that it may hold, or, while its share is shrinking, still holds",
    45,
  ),
  heardAt: instant("When it was last heard of"),
}).openapi("PoolShare", {
  description: "What one API process has of a cell's connections",
});

const PoolSchema = z.strictObject({
  cellId: id("The cell"),
  cell: cellLabel("Name of the cell"),
  maxBackends: integer({
    min: 1,
    max: MAX,
    description: "Connections to PostgreSQL that all processes may hold",
    example: 150,
  }),
  granted: backends("How many of them the living processes have", 135),
  processes: z.array(PoolShareSchema).max(10_000).openapi({
    description: "The API processes that are alive, the largest share first",
  }),
}).openapi("Pool", {
  description: "The connections of one cell, and which process has them",
});

export type Pool = z.infer<typeof PoolSchema>;

export const PoolPageSchema = pageOf(PoolSchema, "PoolPage", "A page of pools");

export const PoolListQuery = z.strictObject({
  limit: limitParameter,
  cursor: cursorParameter,
});
