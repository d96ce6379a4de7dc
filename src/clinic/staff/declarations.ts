import {
  clinicRoute,
  json,
  jsonBody,
  mergePatchBody,
} from "../../http/route.ts";
import {
  createdHeaders,
  etagHeader,
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../http/schemas.ts";
import {
  InvitationSchema,
  StaffListQuery,
  StaffMemberSchema,
  StaffPageSchema,
  StaffParams,
  StaffPatchSchema,
} from "./schemas.ts";

const tags: ["staff"] = ["staff"];

const CHANGE_PROBLEMS = [
  "not-found",
  "conflict",
  "own-account",
  "precondition-required",
  "precondition-failed",
] as const;

function oneMember(description: string) {
  return { ...json(StaffMemberSchema, description), headers: etagHeader };
}

export const listStaff = clinicRoute("staff.view", {
  method: "get",
  path: "/staff",
  operationId: "listStaff",
  tags,
  summary: "List the staff",
  description: "By name or by the time of the invitation, one page at a time.",
  problems: ["invalid-cursor"],
  request: { query: StaffListQuery },
  responses: {
    200: {
      ...json(StaffPageSchema, "A page of the staff"),
      headers: pageHeaders,
    },
  },
});

export const getStaffMember = clinicRoute("staff.view", {
  method: "get",
  path: "/staff/{id}",
  operationId: "getStaffMember",
  tags,
  summary: "Read a member of the staff",
  description: "Name, role and state of an account.",
  problems: ["not-found"],
  request: { params: StaffParams, headers: ifNoneMatchHeader },
  responses: {
    200: oneMember("The member of the staff"),
    304: {
      description: "The account is the one that If-None-Match names",
      headers: etagHeader,
    },
  },
});

export const inviteStaffMember = clinicRoute("staff.manage", {
  method: "post",
  path: "/staff/invitations",
  operationId: "inviteStaffMember",
  tags,
  summary: "Invite somebody",
  description:
    "Makes an account in the state `invited` and mails a link to its owner, who chooses the password. The link is good once and for seven days.",
  problems: ["duplicate"],
  idempotent: true,
  request: { body: jsonBody(InvitationSchema) },
  responses: {
    201: {
      ...json(StaffMemberSchema, "The account was made, and the link is sent"),
      headers: createdHeaders(
        "/v1/staff/01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b",
      ),
    },
  },
});

export const repeatInvitation = clinicRoute("staff.manage", {
  method: "post",
  path: "/staff/{id}/invitation",
  operationId: "repeatInvitation",
  tags,
  summary: "Invite somebody again",
  description:
    "Mails another link to who has not accepted yet; earlier links are void.",
  problems: ["not-found", "conflict"],
  idempotent: true,
  request: { params: StaffParams },
  responses: { 202: { description: "Another link is sent" } },
});

export const changeStaffMember = clinicRoute("staff.manage", {
  method: "patch",
  path: "/staff/{id}",
  operationId: "changeStaffMember",
  tags,
  summary: "Change a member of the staff",
  description:
    "A merge patch of name and role. Another role takes effect on the person's next request, wherever it is answered: an access token with the former role is refused, and refreshing gives one with the new role. Nobody changes their own role, and the last active admin stays one.",
  problems: [...CHANGE_PROBLEMS, "last-admin"],
  request: {
    params: StaffParams,
    headers: ifMatchHeader,
    body: mergePatchBody(StaffPatchSchema),
  },
  responses: { 200: oneMember("The changed account") },
});

export const suspendStaffMember = clinicRoute("staff.manage", {
  method: "post",
  path: "/staff/{id}/suspend",
  operationId: "suspendStaffMember",
  tags,
  summary: "Suspend a member of the staff",
  description:
    "The person is out from the next request on, and cannot log in. Suspending a suspended account changes nothing.",
  problems: [...CHANGE_PROBLEMS, "last-admin"],
  request: { params: StaffParams, headers: ifMatchHeader },
  responses: { 200: oneMember("The suspended account") },
});

export const reactivateStaffMember = clinicRoute("staff.manage", {
  method: "post",
  path: "/staff/{id}/reactivate",
  operationId: "reactivateStaffMember",
  tags,
  summary: "Reactivate a member of the staff",
  description:
    "The person can log in again, in the same role and with the same password. Reactivating an active account changes nothing.",
  problems: [...CHANGE_PROBLEMS],
  request: { params: StaffParams, headers: ifMatchHeader },
  responses: { 200: oneMember("The active account") },
});

export const removeStaffMember = clinicRoute("staff.manage", {
  method: "delete",
  path: "/staff/{id}",
  operationId: "removeStaffMember",
  tags,
  summary: "Remove a member of the staff",
  description:
    "The person is out for good, and the e-mail address is free for another account. The entry stays, as the author of what the person wrote. Somebody whom patients are coming to is not removed: move these appointments to somebody else (`reassignAppointments`), or cancel them, first.",
  problems: [...CHANGE_PROBLEMS, "last-admin"],
  request: { params: StaffParams, headers: ifMatchHeader },
  responses: { 204: { description: "The person is removed" } },
});

export const clearSecondFactor = clinicRoute("staff.manage", {
  method: "post",
  path: "/staff/{id}/clear-second-factor",
  operationId: "clearSecondFactor",
  tags,
  summary: "Turn off somebody's two-factor authentication",
  description:
    "For who has lost the authenticator app and all recovery codes. The person is told by mail, and can still only log in with the password. Nobody does it for themselves.",
  problems: ["not-found", "conflict", "own-account"],
  request: { params: StaffParams },
  responses: { 204: { description: "It is off" } },
});
