import { PasswordChangeSchema } from "../../http/password_schemas.ts";
import {
  json,
  jsonBody,
  platformRoute,
  publicRoute,
} from "../../http/route.ts";
import { pageHeaders } from "../../http/schemas.ts";
import {
  RecoveryCodesSchema,
  SecondFactorCodeSchema,
  SecondFactorSeedSchema,
} from "../../http/second_factor_schemas.ts";
import {
  SessionListQuery,
  SessionPageSchema,
  SessionParams,
} from "../../http/session_schemas.ts";
import {
  PlatformEnrolmentSchema,
  PlatformLoginSchema,
  PlatformMeSchema,
  PlatformRefreshSchema,
  PlatformSessionTokensSchema,
} from "./schemas.ts";

const tags: ["platform"] = ["platform"];

export const loginToPlatform = publicRoute({
  method: "post",
  path: "/auth/login",
  operationId: "loginToPlatform",
  tags,
  summary: "Log in to the platform",
  description:
    "Opens a session of a platform user: always with a password and a code. An unknown e-mail address and a wrong password are the same answer after the same time. The first log-in with a code of a new authenticator app answers with recovery codes as well.",
  problems: [
    "invalid-credentials",
    "second-factor-required",
    "enrolment-required",
  ],
  request: { body: jsonBody(PlatformLoginSchema) },
  responses: { 200: json(PlatformSessionTokensSchema, "Logged in") },
});

export const enrolPlatformUser = publicRoute({
  method: "post",
  path: "/auth/enrol",
  operationId: "enrolPlatformUser",
  tags,
  summary: "Set up the authenticator app of a platform user",
  description:
    "Before the first log-in. Makes a secret for the app; asked again before a log-in has shown that the app has it, the secret is another one. Afterwards only another owner (`clearPlatformSecondFactor`) or an operator's command can clear it.",
  problems: ["invalid-credentials", "conflict"],
  request: { body: jsonBody(PlatformEnrolmentSchema) },
  responses: { 200: json(SecondFactorSeedSchema, "What the app needs") },
});

export const refreshPlatformSession = publicRoute({
  method: "post",
  path: "/auth/refresh",
  operationId: "refreshPlatformSession",
  tags,
  summary: "Go on with a session on the platform",
  description:
    "As `refreshSession`: a refresh token is good once, and using one a second time ends the session.",
  problems: ["invalid-token"],
  request: { body: jsonBody(PlatformRefreshSchema) },
  responses: { 200: json(PlatformSessionTokensSchema, "The session goes on") },
});

export const logoutOfPlatform = publicRoute({
  method: "post",
  path: "/auth/logout",
  operationId: "logoutOfPlatform",
  tags,
  summary: "Log out of the platform",
  description:
    "Ends the session of a refresh token. The answer is the same when it was over before, or there is none.",
  request: { body: jsonBody(PlatformRefreshSchema) },
  responses: { 204: { description: "There is no such session any more" } },
});

export const getPlatformMe = platformRoute("self", {
  method: "get",
  path: "/auth/me",
  operationId: "getPlatformMe",
  tags,
  summary: "Who am I on the platform",
  description: "The platform user that the access token stands for.",
  responses: { 200: json(PlatformMeSchema, "The platform user") },
});

export const changePlatformPassword = platformRoute("self", {
  method: "post",
  path: "/auth/password",
  operationId: "changePlatformPassword",
  tags,
  summary: "Change my password on the platform",
  description:
    "Needs the present one; a wrong one counts like a failed log-in. All other sessions of the user end, this one goes on.",
  problems: ["conflict"],
  request: { body: jsonBody(PasswordChangeSchema) },
  responses: { 204: { description: "The new password is good" } },
});

export const renewPlatformRecoveryCodes = platformRoute("self", {
  method: "post",
  path: "/auth/recovery-codes",
  operationId: "renewPlatformRecoveryCodes",
  tags,
  summary: "Make new recovery codes for the platform",
  description:
    "Ten new ones, for a code that is good now; all earlier are void.",
  request: { body: jsonBody(SecondFactorCodeSchema) },
  responses: { 200: json(RecoveryCodesSchema, "The new codes") },
});

export const listPlatformSessions = platformRoute("self", {
  method: "get",
  path: "/auth/sessions",
  operationId: "listPlatformSessions",
  tags,
  summary: "List my sessions on the platform",
  description:
    "Where the user is logged in at the moment, the newest log-in first.",
  problems: ["invalid-cursor"],
  request: { query: SessionListQuery },
  responses: {
    200: {
      ...json(SessionPageSchema, "A page of sessions"),
      headers: pageHeaders,
    },
  },
});

export const revokePlatformSession = platformRoute("self", {
  method: "delete",
  path: "/auth/sessions/{id}",
  operationId: "revokePlatformSession",
  tags,
  summary: "End one of my sessions on the platform",
  description:
    "Its tokens are refused from the next request on, this request's own session included.",
  problems: ["not-found"],
  request: { params: SessionParams },
  responses: { 204: { description: "The session is over" } },
});
