import { clinicRoute, json } from "../../http/route.ts";
import { pageHeaders } from "../../http/schemas.ts";
import {
  SessionListQuery,
  SessionPageSchema,
  SessionParams,
} from "../../http/session_schemas.ts";

const tags: ["auth"] = ["auth"];

export const listSessions = clinicRoute("self", {
  method: "get",
  path: "/auth/sessions",
  operationId: "listSessions",
  tags,
  summary: "List my sessions",
  description:
    "Where the account is logged in at the moment, the newest log-in first.",
  problems: ["invalid-cursor"],
  request: { query: SessionListQuery },
  responses: {
    200: {
      ...json(SessionPageSchema, "A page of sessions"),
      headers: pageHeaders,
    },
  },
});

export const revokeSession = clinicRoute("self", {
  method: "delete",
  path: "/auth/sessions/{id}",
  operationId: "revokeSession",
  tags,
  summary: "End one of my sessions",
  description:
    "Its tokens are refused from the next request on, this request's own session included.",
  problems: ["not-found"],
  request: { params: SessionParams },
  responses: { 204: { description: "The session is over" } },
});
