import {
  json,
  jsonBody,
  mergePatchBody,
  platformRoute,
} from "../../http/route.ts";
import {
  etagHeader,
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../http/schemas.ts";
import { acceptedHeaders, OperationSchema } from "../operation_schemas.ts";
import {
  ClinicClosingSchema,
  ClinicPatchSchema,
  ClinicRotationSchema,
  CloseConfirmationRequestSchema,
  CloseConfirmationSchema,
  NewClinicSchema,
} from "./request_schemas.ts";
import {
  ClinicListQuery,
  ClinicParams,
  PlatformClinicPageSchema,
  PlatformClinicSchema,
} from "./schemas.ts";

const tags: ["platform"] = ["platform"];

const accepted = {
  202: {
    ...json(OperationSchema, "Asked for; the operation tells how far it is"),
    headers: acceptedHeaders,
  },
};

export const listClinics = platformRoute("platform.clinics.view", {
  method: "get",
  path: "/clinics",
  operationId: "listClinics",
  tags,
  summary: "List the clinics",
  description: "What the registry knows of them.",
  problems: ["invalid-cursor"],
  request: { query: ClinicListQuery },
  responses: {
    200: {
      ...json(PlatformClinicPageSchema, "A page of clinics"),
      headers: pageHeaders,
    },
  },
});

export const getClinic = platformRoute("platform.clinics.view", {
  method: "get",
  path: "/clinics/{id}",
  operationId: "getClinic",
  tags,
  summary: "Read a clinic's entry",
  description: "What the registry knows of one clinic.",
  problems: ["not-found"],
  request: { params: ClinicParams, headers: ifNoneMatchHeader },
  responses: {
    200: { ...json(PlatformClinicSchema, "The clinic"), headers: etagHeader },
    304: {
      description: "What the client has still holds",
      headers: etagHeader,
    },
  },
});

export const createClinic = platformRoute("platform.clinics.manage", {
  method: "post",
  path: "/clinics",
  operationId: "createClinic",
  tags,
  summary: "Make a clinic",
  description:
    "Asks for a clinic with a database, a role and keys of its own; its first admin is invited by mail. Short name and e-mail address are taken from now on.",
  problems: ["duplicate", "conflict"],
  idempotent: true,
  request: { body: jsonBody(NewClinicSchema) },
  responses: accepted,
});

export const changeClinic = platformRoute("platform.clinics.manage", {
  method: "patch",
  path: "/clinics/{id}",
  operationId: "changeClinic",
  tags,
  summary: "Change a clinic's entry",
  description:
    "A merge patch of what the clinic is called and how it is reached; every API process knows within seconds. The short name stays: people log in with it. What stands on invoices is the clinic's own to change (`changeClinicSettings`).",
  problems: [
    "not-found",
    "duplicate",
    "precondition-required",
    "precondition-failed",
  ],
  request: {
    params: ClinicParams,
    headers: ifMatchHeader,
    body: mergePatchBody(ClinicPatchSchema),
  },
  responses: {
    200: {
      ...json(PlatformClinicSchema, "The changed entry"),
      headers: etagHeader,
    },
  },
});

export const suspendClinic = platformRoute("platform.clinics.manage", {
  method: "post",
  path: "/clinics/{id}/suspend",
  operationId: "suspendClinic",
  tags,
  summary: "Suspend a clinic",
  description: "Nobody can work in it until it is resumed; nothing is lost.",
  problems: ["not-found", "invalid-transition", "conflict"],
  idempotent: true,
  request: { params: ClinicParams },
  responses: accepted,
});

export const resumeClinic = platformRoute("platform.clinics.manage", {
  method: "post",
  path: "/clinics/{id}/resume",
  operationId: "resumeClinic",
  tags,
  summary: "Resume a clinic",
  description:
    "One that is suspended, or is closing and was not removed yet: people can work in it again.",
  problems: ["not-found", "invalid-transition", "conflict"],
  idempotent: true,
  request: { params: ClinicParams },
  responses: accepted,
});

export const rotateClinic = platformRoute("platform.clinics.manage", {
  method: "post",
  path: "/clinics/{id}/rotate",
  operationId: "rotateClinic",
  tags,
  summary: "Replace a clinic's secrets",
  description: "New password and keys, while people work.",
  problems: ["not-found", "invalid-transition", "conflict"],
  idempotent: true,
  request: { params: ClinicParams, body: jsonBody(ClinicRotationSchema) },
  responses: accepted,
});

export const migrateClinic = platformRoute("platform.clinics.manage", {
  method: "post",
  path: "/clinics/{id}/migrate",
  operationId: "migrateClinic",
  tags,
  summary: "Bring a clinic's database up to date",
  description:
    "Applies the migrations that it lacks, while people work. A file that its data violate is named in the operation's error, and nothing of it stays.",
  problems: ["not-found", "invalid-transition", "conflict"],
  idempotent: true,
  request: { params: ClinicParams },
  responses: accepted,
});

export const confirmClinicClosing = platformRoute("platform.clinics.close", {
  method: "post",
  path: "/clinics/{id}/close-confirmation",
  operationId: "confirmClinicClosing",
  tags,
  summary: "See what closing a clinic would do",
  description:
    "For who types the clinic's name again: every date, and the token that `closeClinic` wants. Nothing is done yet.",
  problems: ["not-found", "invalid-transition"],
  request: {
    params: ClinicParams,
    body: jsonBody(CloseConfirmationRequestSchema),
  },
  responses: {
    200: json(CloseConfirmationSchema, "What would happen, and when"),
  },
});

export const closeClinic = platformRoute("platform.clinics.close", {
  method: "post",
  path: "/clinics/{id}/close",
  operationId: "closeClinic",
  tags,
  summary: "Close a clinic",
  description:
    "Suspends it at once. After the days of grace, in which it can be resumed, and a last backup, its database, role and keys are removed.",
  problems: ["not-found", "invalid-transition", "conflict"],
  idempotent: true,
  request: { params: ClinicParams, body: jsonBody(ClinicClosingSchema) },
  responses: accepted,
});
