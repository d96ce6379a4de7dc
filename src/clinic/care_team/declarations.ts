import { clinicRoute, json, jsonBody } from "../../http/route.ts";
import {
  createdHeaders,
  EXAMPLE_ID,
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../http/schemas.ts";
import { notModified, versioned } from "../../http/versioned_schemas.ts";
import {
  CareTeamListQuery,
  CareTeamMemberCreateSchema,
  CareTeamMemberParams,
  CareTeamMemberSchema,
  CareTeamPageSchema,
  CareTeamParams,
  CareTeamRemovalSchema,
  EmergencyAccessCreateSchema,
  EmergencyAccessListQuery,
  EmergencyAccessPageSchema,
  EmergencyAccessParams,
  EmergencyAccessSchema,
} from "./schemas.ts";

const tags: ["patients"] = ["patients"];

function oneMember(description: string) {
  return versioned(CareTeamMemberSchema, description);
}

export const listCareTeam = clinicRoute("patients.view_team", {
  method: "get",
  path: "/patients/{id}/care-team",
  operationId: "listCareTeam",
  tags,
  summary: "List the care team of a patient",
  description:
    "Who may see what tells of the patient's health, though their role does not see all files; one page at a time.",
  problems: ["not-found", "invalid-cursor"],
  request: { params: CareTeamParams, query: CareTeamListQuery },
  responses: {
    200: {
      ...json(CareTeamPageSchema, "A page of the care team"),
      headers: pageHeaders,
    },
  },
});

export const addCareTeamMember = clinicRoute("patients.manage_team", {
  method: "post",
  path: "/patients/{id}/care-team",
  operationId: "addCareTeamMember",
  tags,
  summary: "Add somebody to a care team",
  description:
    "From now on they see the patient's consents, records and prescriptions, as far as their role sees any.",
  problems: ["not-found", "conflict", "duplicate"],
  idempotent: true,
  request: {
    params: CareTeamParams,
    body: jsonBody(CareTeamMemberCreateSchema),
  },
  responses: {
    201: {
      ...json(CareTeamMemberSchema, "The membership"),
      headers: createdHeaders(
        `/v1/patients/${EXAMPLE_ID}/care-team/${EXAMPLE_ID}`,
      ),
    },
  },
});

export const getCareTeamMember = clinicRoute("patients.view_team", {
  method: "get",
  path: "/patients/{id}/care-team/{memberId}",
  operationId: "getCareTeamMember",
  tags,
  summary: "Read a membership of a care team",
  description: "Who was added by whom, when and why; and the end of it.",
  problems: ["not-found"],
  request: { params: CareTeamMemberParams, headers: ifNoneMatchHeader },
  responses: {
    200: oneMember("The membership"),
    304: notModified("membership"),
  },
});

export const removeCareTeamMember = clinicRoute("patients.manage_team", {
  method: "post",
  path: "/patients/{id}/care-team/{memberId}/remove",
  operationId: "removeCareTeamMember",
  tags,
  summary: "Remove somebody from a care team",
  description:
    "From now on they do not see the patient's consents, records and prescriptions. That they did is kept; who is needed again is added again.",
  problems: [
    "not-found",
    "invalid-transition",
    "precondition-required",
    "precondition-failed",
  ],
  request: {
    params: CareTeamMemberParams,
    headers: ifMatchHeader,
    body: jsonBody(CareTeamRemovalSchema),
  },
  responses: { 200: oneMember("The membership, which is over") },
});

export const openEmergencyAccess = clinicRoute("records.view", {
  method: "post",
  path: "/emergency-accesses",
  operationId: "openEmergencyAccess",
  tags,
  summary: "Open a file in an emergency",
  description:
    "Breaks the glass: for one hour, who is not in the care team sees the patient's consents, records and prescriptions. The access stands in the trail and in `listEmergencyAccesses`, with the reason, for good.",
  problems: ["conflict"],
  idempotent: true,
  request: { body: jsonBody(EmergencyAccessCreateSchema) },
  responses: {
    201: {
      ...json(EmergencyAccessSchema, "The file is open"),
      headers: createdHeaders(`/v1/emergency-accesses/${EXAMPLE_ID}`)
        .omit({ etag: true }),
    },
  },
});

export const listEmergencyAccesses = clinicRoute("patients.view_team", {
  method: "get",
  path: "/emergency-accesses",
  operationId: "listEmergencyAccesses",
  tags,
  summary: "List files that were opened in an emergency",
  description:
    "Whose, by whom, when and why, one page at a time. Who may change care teams sees all of them; everybody else, their own.",
  problems: ["invalid-cursor"],
  request: { query: EmergencyAccessListQuery },
  responses: {
    200: {
      ...json(EmergencyAccessPageSchema, "A page of accesses"),
      headers: pageHeaders,
    },
  },
});

export const getEmergencyAccess = clinicRoute("patients.view_team", {
  method: "get",
  path: "/emergency-accesses/{id}",
  operationId: "getEmergencyAccess",
  tags,
  summary: "Read of a file that was opened in an emergency",
  description:
    "It never changes. Who may change care teams sees all of them; everybody else, their own.",
  problems: ["not-found"],
  request: { params: EmergencyAccessParams },
  responses: { 200: json(EmergencyAccessSchema, "The access") },
});
