import { clinicRoute, json, jsonBody } from "../../../http/route.ts";
import {
  RecoveryCodesSchema,
  SecondFactorCodeSchema,
  SecondFactorSeedSchema,
} from "../../../http/second_factor_schemas.ts";
import {
  SecondFactorDisableSchema,
  SecondFactorEnrolmentSchema,
  SecondFactorSchema,
} from "./schemas.ts";

const tags: ["auth"] = ["auth"];

export const getSecondFactor = clinicRoute("self", {
  method: "get",
  path: "/auth/second-factor",
  operationId: "getSecondFactor",
  tags,
  summary: "Do I log in with a code",
  description:
    "Whether two-factor authentication is on, and how many recovery codes are left.",
  responses: { 200: json(SecondFactorSchema, "How it stands") },
});

export const enrolSecondFactor = clinicRoute("self", {
  method: "post",
  path: "/auth/second-factor",
  operationId: "enrolSecondFactor",
  tags,
  summary: "Set up an authenticator app",
  description:
    "Makes a secret for the app. Nothing is on until `confirmSecondFactor` has shown that the app has it; asked again before, the secret is another one.",
  problems: ["conflict"],
  request: { body: jsonBody(SecondFactorEnrolmentSchema) },
  responses: { 200: json(SecondFactorSeedSchema, "What the app needs") },
});

export const confirmSecondFactor = clinicRoute("self", {
  method: "post",
  path: "/auth/second-factor/confirm",
  operationId: "confirmSecondFactor",
  tags,
  summary: "Turn two-factor authentication on",
  description:
    "With a first code of the app. From then on, logging in needs a code. Answers with ten recovery codes.",
  problems: ["conflict"],
  request: { body: jsonBody(SecondFactorCodeSchema) },
  responses: { 200: json(RecoveryCodesSchema, "It is on") },
});

export const renewRecoveryCodes = clinicRoute("self", {
  method: "post",
  path: "/auth/second-factor/recovery-codes",
  operationId: "renewRecoveryCodes",
  tags,
  summary: "Make new recovery codes",
  description: "Ten new ones; all earlier ones are void.",
  problems: ["conflict"],
  request: { body: jsonBody(SecondFactorCodeSchema) },
  responses: { 200: json(RecoveryCodesSchema, "The new codes") },
});

export const disableSecondFactor = clinicRoute("self", {
  method: "post",
  path: "/auth/second-factor/disable",
  operationId: "disableSecondFactor",
  tags,
  summary: "Turn two-factor authentication off",
  description:
    "Needs the password and a code; the account's owner is told by mail.",
  problems: ["conflict"],
  request: { body: jsonBody(SecondFactorDisableSchema) },
  responses: { 204: { description: "It is off" } },
});
