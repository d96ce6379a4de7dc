import { clinicRoute, json, jsonBody } from "../../http/route.ts";
import {
  ReassignedSchema,
  ReassignmentSchema,
  ReassignParams,
} from "./reassign_schemas.ts";

export const reassignAppointments = clinicRoute("appointments.edit", {
  method: "post",
  path: "/practitioners/{id}/reassign",
  operationId: "reassignAppointments",
  tags: ["appointments"],
  summary: "Give somebody's appointments to somebody else",
  description:
    "Those to come that are scheduled or confirmed, at the same times, the nearest 200 at once: all of them, or none when the other is taken or does not work at one of these times. For who leaves, or falls ill: afterwards the practitioner can be archived and the account removed.",
  problems: ["not-found", "booking-conflict", "outside-hours", "conflict"],
  request: { params: ReassignParams, body: jsonBody(ReassignmentSchema) },
  responses: { 200: json(ReassignedSchema, "What was moved") },
});
