import { clinicRoute, json, jsonBody } from "../../../http/route.ts";
import { BreachExtentSchema, BreachQuerySchema } from "./schemas.ts";

export const queryBreach = clinicRoute("privacy.breach", {
  method: "post",
  path: "/breach-queries",
  operationId: "queryBreach",
  tags: ["privacy"],
  summary: "Find out whom a breach touched",
  description:
    "For the notification under article 33 of the GDPR: from the clinic's trail, the patients whose data somebody had before them, with kinds of data and of access, the first and the last instant, and how many lists were read of which nobody can say whom they showed. Stores nothing; this look into the trail is on it.",
  problems: ["invalid-cursor"],
  request: { body: jsonBody(BreachQuerySchema) },
  responses: {
    200: json(BreachExtentSchema, "The extent, with a page of patients"),
  },
});
