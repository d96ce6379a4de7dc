import { clinicRoute, json } from "../../../http/route.ts";
import { pageHeaders } from "../../../http/schemas.ts";
import { PatientParams } from "../schemas.ts";
import { TimelinePageSchema, TimelineQuery } from "./schemas.ts";

const tags: ["patients"] = ["patients"];

export const readTimeline = clinicRoute("patients.view", {
  method: "get",
  path: "/patients/{id}/timeline",
  operationId: "readPatientTimeline",
  tags,
  summary: "Read a patient's timeline",
  description:
    "Appointments, documents, payments, consents, records and prescriptions of the file and of those merged into it, the latest first. It shows what your role may see and, of what tells of somebody's health, only that of patients whose care team you are in.",
  problems: ["not-found", "invalid-cursor"],
  request: { params: PatientParams, query: TimelineQuery },
  responses: {
    200: {
      ...json(TimelinePageSchema, "A page of the timeline"),
      headers: pageHeaders,
    },
  },
});
