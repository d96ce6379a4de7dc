import { etagHeader } from "../../http/schemas.ts";

/** What a change of a draft may fail with. */
export const CHANGE_PROBLEMS = [
  "not-found",
  "document-issued",
  "precondition-required",
  "precondition-failed",
] as const;

/** What a step of a document may fail with. */
export const MOVE_PROBLEMS = [
  "not-found",
  "invalid-transition",
  "precondition-required",
  "precondition-failed",
] as const;

export const NOT_MODIFIED = {
  description: "The document is the one that If-None-Match names",
  headers: etagHeader,
};
