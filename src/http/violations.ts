import type { z } from "@hono/zod-openapi";
import { AppError, type Violation } from "../kernel/errors.ts";

const MAX_VIOLATIONS = 50;
/** As the document has it. */
const MAX_DETAIL_CHARACTERS = 1_000;

interface Validated {
  readonly success: boolean;
  readonly target: string;
  readonly error?: unknown;
}

/** Turns what a schema refused into one problem that lists every violation, and repeats no value. */
export function refuseInvalid(result: Validated): void {
  if (result.success) return;
  const { issues } = result.error as z.core.$ZodError;
  const violations = issues.flatMap((issue) =>
    toViolations(issue, result.target)
  );
  throw new AppError("invalid-request", "The request is not valid", {
    violations: violations.slice(0, MAX_VIOLATIONS),
  });
}

function toViolations(issue: z.core.$ZodIssue, target: string): Violation[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      ...locate([...issue.path, key], target),
      code: target === "json" ? "unknown-member" : "unknown-parameter",
      detail: "is not known here",
    }));
  }
  return [{
    ...locate(issue.path, target),
    code: codeOf(issue),
    detail: detailOf(issue),
  }];
}

/** Of a long list, nobody reads all that would have been right; the document has it. */
function detailOf(issue: z.core.$ZodIssue): string {
  return issue.message.length <= MAX_DETAIL_CHARACTERS
    ? issue.message
    : "is none of the values that the document lists";
}

function locate(
  path: readonly PropertyKey[],
  target: string,
): Pick<Violation, "pointer" | "parameter"> {
  if (target !== "json") return { parameter: String(path[0] ?? target) };
  const steps = path.map((step) =>
    "/" + String(step).replaceAll("~", "~0").replaceAll("/", "~1")
  );
  return { pointer: "#" + steps.join("") };
}

function codeOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "custom" && typeof issue.params?.code === "string") {
    return issue.params.code;
  }
  return issue.code.replaceAll("_", "-");
}
