import { z } from "@hono/zod-openapi";
import { label } from "../http/schemas.ts";
import { CELL_NAME, MAX_CELL_NAME } from "../tenancy/cell_name.ts";

/** The name of a cell in an answer. */
export function cellLabel(description: string): ReturnType<typeof label> {
  return label({
    max: MAX_CELL_NAME,
    pattern: CELL_NAME.source,
    description,
    example: "paris-1",
  });
}

/** The name of a cell in a request. */
export const cellName = z.string().regex(
  CELL_NAME,
  "must be the name of a cell",
).max(MAX_CELL_NAME);
