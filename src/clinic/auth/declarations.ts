import { clinicRoute, json, jsonBody, publicRoute } from "../../http/route.ts";
import {
  LoginSchema,
  MeSchema,
  RefreshSchema,
  SessionTokensSchema,
} from "./schemas.ts";

const tags: ["auth"] = ["auth"];

export const login = publicRoute({
  method: "post",
  path: "/auth/login",
  operationId: "login",
  tags,
  summary: "Log in to a clinic",
  description:
    "Opens a session of twelve hours and gives an access token that is good in this one clinic, and a refresh token for the next one. An unknown clinic, an unknown e-mail address and a wrong password are the same answer after the same time. An account with two-factor authentication needs `code` too: first ask without it, or send it at once.",
  problems: [
    "invalid-credentials",
    "second-factor-required",
    "clinic-suspended",
    "clinic-in-maintenance",
    "clinic-unavailable",
  ],
  request: { body: jsonBody(LoginSchema) },
  responses: { 200: json(SessionTokensSchema, "Logged in") },
});

export const refreshSession = publicRoute({
  method: "post",
  path: "/auth/refresh",
  operationId: "refreshSession",
  tags,
  summary: "Go on with a session",
  description:
    "Exchanges a refresh token, which is then used up, for a new access token and the next refresh token. Asked again with the same token within ten seconds, and before the next one was used, the answer is the same next token: for a client that lost the answer. Any other use of a token that was used up ends the session and all its tokens, because one of the two who hold it has stolen it. The end of the session does not move.",
  problems: [
    "invalid-token",
    "clinic-suspended",
    "clinic-in-maintenance",
    "clinic-unavailable",
  ],
  request: { body: jsonBody(RefreshSchema) },
  responses: { 200: json(SessionTokensSchema, "The session goes on") },
});

export const logout = publicRoute({
  method: "post",
  path: "/auth/logout",
  operationId: "logout",
  tags,
  summary: "Log out",
  description:
    "Ends the session of a refresh token: its access tokens are refused from the next request on. The answer is the same when the session was over before, or there is none.",
  problems: ["clinic-in-maintenance", "clinic-unavailable"],
  request: { body: jsonBody(RefreshSchema) },
  responses: { 204: { description: "There is no such session any more" } },
});

export const getMe = clinicRoute("self", {
  method: "get",
  path: "/auth/me",
  operationId: "getMe",
  tags,
  summary: "Who am I",
  description: "The account that the access token stands for, and its clinic.",
  responses: { 200: json(MeSchema, "The account") },
});

export * from "./second_factor/declarations.ts";
