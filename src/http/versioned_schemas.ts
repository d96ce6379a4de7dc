import type { z } from "@hono/zod-openapi";
import { json } from "./route.ts";
import { etagHeader, integer, label } from "./schemas.ts";

export const rowVersion = integer({
  min: 1,
  max: 999_999_999,
  description: "Grows with every change; the ETag is made of it",
  example: 1,
});

export const contentHash = label({
  max: 64,
  pattern: "^[0-9a-f]{64}$",
  description:
    "SHA-256, in hexadecimal, of the sealed content; it is checked each time that the content is read",
  example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
});

export const staffName = label({
  max: 201,
  description: "Given names and family name",
  example: "Camille Besson",
});

/** A response that shows one resource, with its version. */
export function versioned<S extends z.ZodType>(
  schema: S,
  description: string,
): ReturnType<typeof json<S>> & { headers: typeof etagHeader } {
  return { ...json(schema, description), headers: etagHeader };
}

/** The response to who has what `If-None-Match` names. */
export function notModified(
  noun: string,
): { description: string; headers: typeof etagHeader } {
  return {
    description: `The ${noun} is the one that If-None-Match names`,
    headers: etagHeader,
  };
}

/** What a change of something in a patient's file can fail with. */
export const FILE_CHANGE_PROBLEMS = [
  "care-team-required",
  "not-found",
  "precondition-required",
  "precondition-failed",
] as const;
