import {
  json,
  jsonBody,
  mergePatchBody,
  platformRoute,
} from "../../http/route.ts";
import {
  createdHeaders,
  EXAMPLE_ID,
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../http/schemas.ts";
import { notModified, versioned } from "../../http/versioned_schemas.ts";
import {
  NewPlatformUserSchema,
  PlatformUserListQuery,
  PlatformUserPageSchema,
  PlatformUserParams,
  PlatformUserPatchSchema,
  PlatformUserSchema,
} from "./schemas.ts";

const tags: ["platform"] = ["platform"];

const CHANGE_PROBLEMS = [
  "not-found",
  "precondition-required",
  "precondition-failed",
] as const;

export function userPath(id: string): string {
  return `/v1/platform/users/${id}`;
}

export const listPlatformUsers = platformRoute("platform.users.view", {
  method: "get",
  path: "/users",
  operationId: "listPlatformUsers",
  tags,
  summary: "List the platform users",
  description: "The people who run the platform, by e-mail address.",
  problems: ["invalid-cursor"],
  request: { query: PlatformUserListQuery },
  responses: {
    200: {
      ...json(PlatformUserPageSchema, "A page of platform users"),
      headers: pageHeaders,
    },
  },
});

export const getPlatformUser = platformRoute("platform.users.view", {
  method: "get",
  path: "/users/{id}",
  operationId: "getPlatformUser",
  tags,
  summary: "Read a platform user",
  description: "Name, role and state of an account.",
  problems: ["not-found"],
  request: { params: PlatformUserParams, headers: ifNoneMatchHeader },
  responses: {
    200: versioned(PlatformUserSchema, "The platform user"),
    304: notModified("account"),
  },
});

export const createPlatformUser = platformRoute("platform.users.manage", {
  method: "post",
  path: "/users",
  operationId: "createPlatformUser",
  tags,
  summary: "Make a platform user",
  description:
    "With a first password, which its owner changes (`changePlatformPassword`) after setting up an authenticator app and logging in. It is stored as a hash and shown to nobody.",
  problems: ["duplicate"],
  idempotent: true,
  request: { body: jsonBody(NewPlatformUserSchema) },
  responses: {
    201: {
      ...json(PlatformUserSchema, "The account was made"),
      headers: createdHeaders(userPath(EXAMPLE_ID)),
    },
  },
});

export const changePlatformUser = platformRoute("platform.users.manage", {
  method: "patch",
  path: "/users/{id}",
  operationId: "changePlatformUser",
  tags,
  summary: "Change a platform user",
  description:
    "A merge patch of name and role. With another role, all sessions of the user end at once. The last active owner stays one.",
  problems: [...CHANGE_PROBLEMS, "last-owner"],
  request: {
    params: PlatformUserParams,
    headers: ifMatchHeader,
    body: mergePatchBody(PlatformUserPatchSchema),
  },
  responses: { 200: versioned(PlatformUserSchema, "The changed account") },
});

export const suspendPlatformUser = platformRoute("platform.users.manage", {
  method: "post",
  path: "/users/{id}/suspend",
  operationId: "suspendPlatformUser",
  tags,
  summary: "Suspend a platform user",
  description:
    "All sessions of the user end at once, and no other begins. Nobody suspends themselves. Suspending a suspended account changes nothing.",
  problems: [...CHANGE_PROBLEMS, "own-account"],
  request: { params: PlatformUserParams, headers: ifMatchHeader },
  responses: { 200: versioned(PlatformUserSchema, "The suspended account") },
});

export const reactivatePlatformUser = platformRoute("platform.users.manage", {
  method: "post",
  path: "/users/{id}/reactivate",
  operationId: "reactivatePlatformUser",
  tags,
  summary: "Reactivate a platform user",
  description:
    "The user can log in again, with the same role, password and authenticator app. Reactivating an active account changes nothing.",
  problems: CHANGE_PROBLEMS,
  request: { params: PlatformUserParams, headers: ifMatchHeader },
  responses: { 200: versioned(PlatformUserSchema, "The active account") },
});

export const clearPlatformSecondFactor = platformRoute(
  "platform.users.manage",
  {
    method: "post",
    path: "/users/{id}/clear-second-factor",
    operationId: "clearPlatformSecondFactor",
    tags,
    summary: "Let a platform user set up another authenticator app",
    description:
      "For who has lost the app and all recovery codes. All sessions of the user end at once; before the next log-in an app is set up, as before the first one. Nobody does it for themselves: a lone owner uses the operator's command.",
    problems: ["not-found", "own-account"],
    request: { params: PlatformUserParams },
    responses: {
      204: { description: "Another authenticator app can be set up" },
    },
  },
);
