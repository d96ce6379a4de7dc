import { clinicRoute, json, jsonBody } from "../../../http/route.ts";
import {
  FileMarkingPutSchema,
  FileMarkingSchema,
  PlacedParams,
} from "./schemas.ts";

const tags: ["privacy"] = ["privacy"];

export const getRestriction = clinicRoute("privacy.view", {
  method: "get",
  path: "/patients/{id}/restriction",
  operationId: "getRestriction",
  tags,
  summary: "Read the restriction of a person's data",
  description:
    "Why it was placed, by whom and since when. 404 when there is none.",
  problems: ["not-found"],
  request: { params: PlacedParams },
  responses: { 200: json(FileMarkingSchema, "The restriction") },
});

export const placeRestriction = clinicRoute("privacy.restrict", {
  method: "put",
  path: "/patients/{id}/restriction",
  operationId: "placeRestriction",
  tags,
  summary: "Restrict the processing of a person's data",
  description:
    "GDPR art. 18: from now on the file, and those that were merged into it, are only stored. Nobody changes anything in them, the person's links stop working, and only who has the permission `privacy.view` sees them. With another reason, the restriction that holds is replaced.",
  problems: ["not-found"],
  request: {
    params: PlacedParams,
    body: jsonBody(FileMarkingPutSchema),
  },
  responses: { 200: json(FileMarkingSchema, "The restriction") },
});

export const liftRestriction = clinicRoute("privacy.restrict", {
  method: "delete",
  path: "/patients/{id}/restriction",
  operationId: "liftRestriction",
  tags,
  summary: "Lift the restriction of a person's data",
  description:
    "The file is as it was. GDPR art. 18(3): tell the person before. 404 when there is none.",
  problems: ["not-found"],
  request: { params: PlacedParams },
  responses: { 204: { description: "The file is in use again" } },
});

export const getLegalHold = clinicRoute("privacy.view", {
  method: "get",
  path: "/patients/{id}/legal-hold",
  operationId: "getLegalHold",
  tags,
  summary: "Read the legal hold on a file",
  description:
    "Why it was placed, by whom and since when. 404 when there is none.",
  problems: ["not-found"],
  request: { params: PlacedParams },
  responses: { 200: json(FileMarkingSchema, "The hold") },
});

export const placeLegalHold = clinicRoute("privacy.hold", {
  method: "put",
  path: "/patients/{id}/legal-hold",
  operationId: "placeLegalHold",
  tags,
  summary: "Put a file under a legal hold",
  description:
    "GDPR art. 17(3)(e): as long as it holds, nothing of the person is erased. Work goes on as before. With another reason, the hold that there is is replaced.",
  problems: ["not-found"],
  request: { params: PlacedParams, body: jsonBody(FileMarkingPutSchema) },
  responses: { 200: json(FileMarkingSchema, "The hold") },
});

export const liftLegalHold = clinicRoute("privacy.hold", {
  method: "delete",
  path: "/patients/{id}/legal-hold",
  operationId: "liftLegalHold",
  tags,
  summary: "Lift the legal hold on a file",
  description: "The person can be erased. 404 when there is none.",
  problems: ["not-found"],
  request: { params: PlacedParams },
  responses: { 204: { description: "There is no hold any more" } },
});
