import { z } from "@hono/zod-openapi";
import { ERROR_CODES, type ErrorCode } from "../../kernel/errors.ts";
import { PROBLEMS } from "../problem.ts";
import { EXAMPLE_ID, id, integer, label } from "../schemas.ts";

/** One thing that is wrong with a request. */
export const ViolationSchema = z.strictObject({
  pointer: label({
    max: 1000,
    description: "JSON Pointer into the body (RFC 6901)",
    example: "#/givenNames",
  }).optional(),
  parameter: label({
    max: 100,
    description: "Name of the query, path or header parameter",
  }).optional(),
  code: label({
    max: 100,
    pattern: "^[a-z][a-z0-9-]*$",
    description: "What is wrong, for a program",
    example: "too-small",
  }),
  detail: label({
    max: 1000,
    description: "What is wrong, for a person",
    example: "must not be blank",
  }),
}).openapi("Violation", {
  description:
    "One thing that is wrong with a request: in its body (`pointer`) or in a parameter (`parameter`). The value is never repeated.",
});

/** Members that every problem has (RFC 9457). */
function members(codes: readonly ErrorCode[]) {
  const [first] = codes;
  return {
    type: z.enum(codes.map((code) => `/problems/${code}`)).openapi({
      description: "Which problem it is; the path of a page that explains it",
    }),
    title: label({
      max: 100,
      description: "The kind of problem, in words; the same every time",
      example: first ? PROBLEMS[first].title : "Problem",
    }),
    status: integer({
      min: 400,
      max: 599,
      description: "The status of the response",
      example: first ? PROBLEMS[first].status : 500,
    }),
    detail: label({
      max: 1000,
      description: "What happened this time, for a person",
      example: "There is no such patient",
    }),
    instance: label({
      max: 140,
      pattern: "^urn:request:[A-Za-z0-9._-]{1,128}$",
      description: "The request; quote it when you ask about it",
      example: `urn:request:${EXAMPLE_ID}`,
    }),
  };
}

interface OwnProblem {
  readonly codes: readonly ErrorCode[];
  readonly description: string;
  readonly members: z.ZodRawShape;
}

/** Problems with members of their own, by the name of their component. */
const OWN: Readonly<Record<string, OwnProblem>> = {
  PermissionProblem: {
    codes: ["permission-denied"],
    description: "The token is good, and its role may not do this",
    members: {
      permission: label({
        max: 100,
        pattern: "^[a-z]+(\\.[a-z_]+)+$",
        description: "The permission that is missing",
        example: "patients.archive",
      }),
    },
  },
  DuplicateProblem: {
    codes: ["duplicate"],
    description: "Something that must be unique exists already",
    members: {
      candidate: id("The one that exists").optional(),
      member: label({
        max: 100,
        pattern: "^[A-Za-z]+$",
        description: "The member of the body that is taken",
        example: "slug",
      }).optional(),
    },
  },
  TransitionProblem: {
    codes: ["invalid-transition"],
    description: "The resource cannot go to that state from where it is",
    members: {
      state: label({
        max: 100,
        pattern: "^[a-z]+([_-][a-z]+)*$",
        description: "The state that it is in",
        example: "signed",
      }),
      allowed: z.array(label({
        max: 100,
        pattern: "^[a-z]+([_-][a-z]+)*$",
        description: "A state",
        example: "withdrawn",
      })).max(20).openapi({
        description: "The states that it can go to from there",
      }),
    },
  },
  BookingConflictProblem: {
    codes: ["booking-conflict"],
    description: "The time is taken",
    members: {
      conflicts: z.array(
        z.strictObject({
          appointmentId: id("An appointment that is in the way"),
          practitionerId: id("The practitioner whom it takes").optional(),
          resourceId: id("The room or machine that it takes").optional(),
        }).openapi("BookingConflict", {
          description: "An appointment that is in the way of another",
        }),
      ).max(50).openapi({
        description: "Appointments that are in the way, the first 50",
      }),
    },
  },
  ReflectionProblem: {
    codes: ["reflection-period"],
    description: "The patient still has time to think the quote over",
    members: {
      acceptableFrom: z.iso.date().openapi({
        minLength: 10,
        maxLength: 10,
        description: "The first day on which the quote can be accepted",
        example: "2026-04-13",
      }),
    },
  },
  AmountProblem: {
    codes: ["credit-exceeds-remaining", "payment-exceeds-due"],
    description: "The amount is greater than it may be",
    members: {
      mostCents: integer({
        min: 0,
        max: 999_999_999,
        description: "The most that it may be, in cents",
        example: 12_000,
      }),
    },
  },
  MediaTypeProblem: {
    codes: ["unsupported-media-type"],
    description: "The body is not in a form that is read here",
    members: {
      accepted: z.array(label({
        max: 100,
        pattern: "^[a-z]+/[a-z0-9.+-]+$",
        description: "A media type",
        example: "application/json",
      })).max(10).optional().openapi({
        description: "The media types that the operation reads",
      }),
    },
  },
  RateLimitProblem: {
    codes: ["too-many-requests"],
    description: "More requests than a limit allows",
    members: {
      violatedPolicies: z.array(label({
        max: 100,
        pattern: "^[a-z][a-z0-9-]*$",
        description: "Name of a policy, as in `RateLimit-Policy`",
        example: "clinic",
      })).max(10).optional().openapi({
        description: "The limits that were reached",
      }),
    },
  },
  ValidationProblem: {
    codes: ["invalid-request"],
    description: "Something in the request is not allowed",
    members: {
      errors: z.array(ViolationSchema).min(1).max(50).openapi({
        description: "Every violation that was found, at most 50",
      }),
    },
  },
};

const owners: ReadonlyMap<ErrorCode, string> = new Map(
  Object.entries(OWN).flatMap(([name, { codes }]) =>
    codes.map((code): [ErrorCode, string] => [code, name])
  ),
);

const ProblemSchema = z.strictObject(
  members(ERROR_CODES.filter((code) => !owners.has(code))),
).openapi("Problem", {
  description: "What went wrong (RFC 9457)",
  example: {
    type: "/problems/not-found",
    title: PROBLEMS["not-found"].title,
    status: 404,
    detail: "There is no such patient",
    instance: `urn:request:${EXAMPLE_ID}`,
  },
});

/** The components of problems, by name. No code is in two: a client tells them apart by `type`. */
export const PROBLEM_SCHEMAS: ReadonlyMap<string, z.ZodType> = new Map([
  ["Problem", ProblemSchema],
  ...Object.entries(OWN).map(([name, own]): [string, z.ZodType] => [
    name,
    z.strictObject({ ...members(own.codes), ...own.members })
      .openapi(name, { description: own.description }),
  ]),
]);

/** The name of the component that a code's problems have. */
export function problemSchemaOf(code: ErrorCode): string {
  return owners.get(code) ?? "Problem";
}
