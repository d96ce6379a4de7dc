import { z } from "@hono/zod-openapi";
import { sql } from "../db/sql.ts";
import type { SortKey } from "./sorted_list.ts";

/** How lists of what is made once and stays are sorted. */
export const CREATION_SORTS = ["-createdAt", "createdAt"] as const;

export type CreationSort = typeof CREATION_SORTS[number];

export const creationSortParameter = z.enum(CREATION_SORTS).optional()
  .openapi({
    default: "-createdAt",
    description: "Order of the list: the newest first, or the oldest",
    example: "createdAt",
    param: { name: "sort", in: "query" },
  });

/** For rows that have `created_at`. */
export function creationKey(sort: CreationSort): SortKey {
  return {
    value: sql`created_at`,
    type: sql`timestamptz`,
    descending: sort === "-createdAt",
  };
}
