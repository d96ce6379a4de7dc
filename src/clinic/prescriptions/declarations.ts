import {
  clinicRoute,
  json,
  jsonBody,
  mergePatchBody,
} from "../../http/route.ts";
import {
  createdHeaders,
  EXAMPLE_ID,
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../http/schemas.ts";
import {
  FILE_CHANGE_PROBLEMS,
  notModified,
  versioned,
} from "../../http/versioned_schemas.ts";
import {
  PrescriptionCancellationSchema,
  PrescriptionCreateSchema,
  PrescriptionListQuery,
  PrescriptionPageSchema,
  PrescriptionParams,
  PrescriptionPatchSchema,
  PrescriptionSchema,
} from "./schemas.ts";

const tags: ["records"] = ["records"];

function onePrescription(description: string) {
  return versioned(PrescriptionSchema, description);
}

export const createPrescription = clinicRoute("prescriptions.edit", {
  method: "post",
  path: "/prescriptions",
  operationId: "createPrescription",
  tags,
  summary: "Begin a prescription",
  description:
    "A draft, which can be changed until it is finalised. Lines and notes are stored sealed.",
  problems: ["care-team-required", "conflict"],
  idempotent: true,
  request: { body: jsonBody(PrescriptionCreateSchema) },
  responses: {
    201: {
      ...json(PrescriptionSchema, "The draft"),
      headers: createdHeaders(`/v1/prescriptions/${EXAMPLE_ID}`),
    },
  },
});

export const listPrescriptions = clinicRoute("prescriptions.view", {
  method: "get",
  path: "/prescriptions",
  operationId: "listPrescriptions",
  tags,
  summary: "List prescriptions",
  description:
    "Of one patient or of all, without their lines, one page at a time. Who does not see all files gets those of their own patients.",
  problems: ["care-team-required", "invalid-cursor"],
  request: { query: PrescriptionListQuery },
  responses: {
    200: {
      ...json(PrescriptionPageSchema, "A page of prescriptions"),
      headers: pageHeaders,
    },
  },
});

export const getPrescription = clinicRoute("prescriptions.view", {
  method: "get",
  path: "/prescriptions/{id}",
  operationId: "getPrescription",
  tags,
  summary: "Read a prescription",
  description: "The reading is recorded in the trail before the answer leaves.",
  problems: ["care-team-required", "not-found"],
  request: { params: PrescriptionParams, headers: ifNoneMatchHeader },
  responses: {
    200: onePrescription("The prescription"),
    304: notModified("prescription"),
  },
});

export const changePrescription = clinicRoute("prescriptions.edit", {
  method: "patch",
  path: "/prescriptions/{id}",
  operationId: "changePrescription",
  tags,
  summary: "Change the draft of a prescription",
  description: "A merge patch. `conflict`: it is no draft any more.",
  problems: [...FILE_CHANGE_PROBLEMS, "conflict"],
  request: {
    params: PrescriptionParams,
    headers: ifMatchHeader,
    body: mergePatchBody(PrescriptionPatchSchema),
  },
  responses: { 200: onePrescription("The changed draft") },
});

export const finalisePrescription = clinicRoute("prescriptions.edit", {
  method: "post",
  path: "/prescriptions/{id}/finalise",
  operationId: "finalisePrescription",
  tags,
  summary: "Finalise a prescription",
  description:
    "Gives it its number and the day of today, and locks it with its hash: nobody changes it from now on.",
  problems: [...FILE_CHANGE_PROBLEMS, "invalid-transition"],
  request: { params: PrescriptionParams, headers: ifMatchHeader },
  responses: { 200: onePrescription("The finalised prescription") },
});

export const cancelPrescription = clinicRoute("prescriptions.edit", {
  method: "post",
  path: "/prescriptions/{id}/cancel",
  operationId: "cancelPrescription",
  tags,
  summary: "Cancel a prescription",
  description:
    "It stays, with its number and its lines, and is good no more. A draft can be cancelled, too.",
  problems: [...FILE_CHANGE_PROBLEMS, "invalid-transition"],
  request: {
    params: PrescriptionParams,
    headers: ifMatchHeader,
    body: jsonBody(PrescriptionCancellationSchema),
  },
  responses: { 200: onePrescription("The cancelled prescription") },
});
