import { z } from "@hono/zod-openapi";
import { integer } from "./schemas.ts";

/** `version` of what has an ETag. */
export const rowVersion = integer({
  min: 1,
  max: 999_999_999,
  description: "Grows with every change; the ETag is made of it",
  example: 3,
});

export const colour = z.string().max(7).regex(
  /^#[0-9a-f]{6}$/,
  "must be a colour such as #4477aa",
).openapi({
  description: "Colour in the calendar, as CSS writes it, in lower case",
  example: "#4477aa",
});

/** A day from 2000 to 2199, beyond which nothing is planned. */
export function plannedDay(
  description: string,
  example: string,
): z.ZodISODate {
  return z.iso.date().regex(/^2[01]\d{2}-/, "must be between 2000 and 2199")
    .openapi({
      format: "date",
      minLength: 10,
      maxLength: 10,
      description,
      example,
    });
}

/** `sort` of a list of things that have a name. */
export const sortByName = z.enum(["name", "-name"]).optional().openapi({
  default: "name",
  description: "Order of the list",
  example: "name",
  param: { name: "sort", in: "query" },
});

/** `status` of a list of things that are taken out of use by making them inactive. */
export const activeStatus = z.enum(["active", "inactive", "all"]).optional()
  .openapi({
    default: "active",
    description: "Which ones: those that are in use, the others, or both",
    example: "active",
    param: { name: "status", in: "query" },
  });

/** The value of the column `active` that `status` asks for; `undefined`: either. */
export const ACTIVE = {
  active: true,
  inactive: false,
  all: undefined,
} as const;
