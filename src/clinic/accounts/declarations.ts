import { PasswordChangeSchema } from "../../http/password_schemas.ts";
import { clinicRoute, jsonBody, publicRoute } from "../../http/route.ts";
import {
  InvitationAcceptanceSchema,
  PasswordForgottenSchema,
  PasswordResetSchema,
} from "./schemas.ts";

const tags: ["auth"] = ["auth"];

export const changePassword = clinicRoute("self", {
  method: "post",
  path: "/auth/password",
  operationId: "changePassword",
  tags,
  summary: "Change my password",
  description:
    "Needs the present one; a wrong one counts like a failed log-in. All other sessions of the account end, this one goes on. The account's owner is told by mail.",
  problems: ["conflict"],
  request: { body: jsonBody(PasswordChangeSchema) },
  responses: { 204: { description: "The password is changed" } },
});

export const forgotPassword = publicRoute({
  method: "post",
  path: "/auth/password/forgot",
  operationId: "forgotPassword",
  tags,
  summary: "Ask for a new password",
  description:
    "Mails a link that is good once and for thirty minutes, if there is such an account. Whether there is one shows neither in the answer nor in its time.",
  problems: ["clinic-unavailable"],
  request: { body: jsonBody(PasswordForgottenSchema) },
  responses: {
    202: { description: "If there is such an account, a link is mailed to it" },
  },
});

export const resetPassword = publicRoute({
  method: "post",
  path: "/auth/password/reset",
  operationId: "resetPassword",
  tags,
  summary: "Choose a new password",
  description:
    "Uses up the mailed link. All sessions of the account end; log in with the new password, and with the code of the authenticator app where there is one.",
  problems: [
    "invalid-link",
    "clinic-suspended",
    "clinic-in-maintenance",
    "clinic-unavailable",
  ],
  request: { body: jsonBody(PasswordResetSchema) },
  responses: { 204: { description: "The password is changed" } },
});

export const acceptInvitation = publicRoute({
  method: "post",
  path: "/auth/invitations/accept",
  operationId: "acceptInvitation",
  tags,
  summary: "Accept an invitation",
  description:
    "Chooses the first password of an account, which is active from then on. Uses up the mailed link.",
  problems: [
    "invalid-link",
    "clinic-suspended",
    "clinic-in-maintenance",
    "clinic-unavailable",
  ],
  request: { body: jsonBody(InvitationAcceptanceSchema) },
  responses: { 204: { description: "The account is active: log in" } },
});
