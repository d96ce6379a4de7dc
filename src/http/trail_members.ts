import { z } from "@hono/zod-openapi";
import { EXAMPLE_ID, id, instant, integer, label, orNull } from "./schemas.ts";

/** Members of a line of the trail, whoever reads it. */
export const lineMembers = {
  id: id("The line"),
  sequence: orNull(
    integer({
      min: 1,
      max: 2_147_483_647,
      description: "Its place in the clinic's chain",
      example: 1204,
    }),
  ).openapi({
    description:
      "Its place in the clinic's chain, from 1 without a gap; null in the moments before it has one",
  }),
  at: instant("When it was done"),
  actorId: orNull(id("Who did it; null for somebody who showed nothing")),
  role: orNull(label({
    max: 50,
    pattern: "^[a-z]+(-[a-z]+)*$",
    description:
      "Their role at that time: of the staff, or of those who run the platform",
    example: "physician",
  })),
  sessionId: orNull(id("In which session")),
  action: label({
    max: 100,
    pattern: "^[a-z]+(-[a-z]+)*\\.[a-z]+(-[a-z]+)*$",
    description: "What was done, or asked for; more may come",
    example: "patient.view",
  }),
  entity: label({
    max: 50,
    pattern: "^[a-z]+(-[a-z]+)*$",
    description: "What kind of thing it was about",
    example: "patient",
  }),
  entityId: orNull(id("Which one")),
};

/** The same, behind whom it was about. */
export const outcomeMembers = {
  outcome: z.enum(["success", "refused"]).openapi({
    description: "Whether it was done or refused",
  }),
  operation: orNull(label({
    max: 200,
    description:
      "Of a refusal: method and path pattern; of an operation: its kind",
    example: "GET /v1/patients/:id",
  })),
  reason: orNull(label({
    max: 100,
    description: "Of a refusal or a failure: its code",
    example: "permission-denied",
  })),
  count: integer({
    min: 1,
    max: 2_147_483_647,
    description: "How many requests the line stands for",
    example: 1,
  }),
  requestId: orNull(label({
    max: 200,
    description: "The request, as its answer's `X-Request-Id` named it",
    example: EXAMPLE_ID,
  })),
  address: orNull(label({
    max: 50,
    description: "Network address that it came from",
    example: "192.0.2.17",
  })),
  changedFields: z.array(label({
    max: 100,
    description: "Name of a member",
    example: "phone",
  })).max(200).openapi({
    description: "Names of the members that a change touched; never a value",
  }),
};
