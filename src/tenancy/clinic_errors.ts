import { DatabaseError } from "../db/errors.ts";
import { AppError } from "../kernel/errors.ts";

/** What a failure of a clinic's database is to the caller; errors that features read themselves pass as they are. */
export function toClinicError(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  switch (error.constraint) {
    case "patients_restricted":
      return processingRestricted(error);
    case "patients_erased":
      return new AppError("not-found", "There is no such patient", {
        cause: error,
      });
  }
  switch (error.failure) {
    case "unavailable":
    case "refused":
      return new AppError(
        "clinic-unavailable",
        "The clinic's database cannot be reached at the moment",
        { cause: error, retryAfter: 2 },
      );
    case "timeout":
      return new AppError(
        "request-timeout",
        "The clinic's database took too long to answer",
        { cause: error, retryAfter: 2 },
      );
    case "serialization":
      return new AppError(
        "conflict",
        "The same data was changed at the same moment; try again",
        { cause: error },
      );
    default:
      return error;
  }
}

/** What a file answers whose processing is restricted. */
export function processingRestricted(cause?: unknown): AppError {
  return new AppError(
    "processing-restricted",
    "Processing of this file is restricted",
    { cause },
  );
}
