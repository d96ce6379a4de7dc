import { z } from "@hono/zod-openapi";
import { EXAMPLE_ID, id, integer } from "../../http/schemas.ts";

export const ReassignmentSchema = z.strictObject({
  practitionerId: id("Who takes the appointments over"),
  outsideHours: z.boolean().optional().openapi({
    description:
      "Lets them stand where the other does not work; needs a permission of its own",
    example: false,
  }),
}).openapi("AppointmentReassignment", {
  description: "To whom somebody's appointments go",
  example: { practitionerId: EXAMPLE_ID },
});

export type Reassignment = z.infer<typeof ReassignmentSchema>;

export const ReassignedSchema = z.strictObject({
  moved: integer({
    min: 0,
    max: 2_147_483_647,
    description: "How many appointments are the other's now",
    example: 17,
  }),
  left: integer({
    min: 0,
    max: 2_147_483_647,
    description: "How many are still to move: send the request again",
    example: 0,
  }),
}).openapi("AppointmentsReassigned", { description: "What was moved" });

export type Reassigned = z.infer<typeof ReassignedSchema>;

export const ReassignParams = z.strictObject({
  id: id("The practitioner whose appointments they are").openapi({
    param: { name: "id", in: "path" },
  }),
});
