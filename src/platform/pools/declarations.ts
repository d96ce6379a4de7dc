import { json, platformRoute } from "../../http/route.ts";
import { pageHeaders } from "../../http/schemas.ts";
import { PoolListQuery, PoolPageSchema } from "./schemas.ts";

const tags: ["platform"] = ["platform"];

export const listPools = platformRoute("platform.cells.view", {
  method: "get",
  path: "/pools",
  operationId: "listPools",
  tags,
  summary: "List the pools",
  description:
    "The connections of every cell, by its name, and the API processes that share them. A process that was not heard of for 30 seconds is taken for dead. How many connections are in use at the moment is a metric of each process.",
  problems: ["invalid-cursor"],
  request: { query: PoolListQuery },
  responses: {
    200: { ...json(PoolPageSchema, "A page of pools"), headers: pageHeaders },
  },
});
