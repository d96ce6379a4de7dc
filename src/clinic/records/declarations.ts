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
  RecordAmendmentCreateSchema,
  RecordCreateSchema,
  RecordListQuery,
  RecordPageSchema,
  RecordParams,
  RecordPatchSchema,
  RecordSchema,
} from "./schemas.ts";

const tags: ["records"] = ["records"];

function oneRecord(description: string) {
  return versioned(RecordSchema, description);
}

export const createRecord = clinicRoute("records.edit", {
  method: "post",
  path: "/records",
  operationId: "createRecord",
  tags,
  summary: "Open a record",
  description:
    "A clinical note, which can be changed until it is signed. Title and text are stored sealed.",
  problems: ["care-team-required", "conflict"],
  idempotent: true,
  request: { body: jsonBody(RecordCreateSchema) },
  responses: {
    201: {
      ...json(RecordSchema, "The record is open"),
      headers: createdHeaders(`/v1/records/${EXAMPLE_ID}`),
    },
  },
});

export const listRecords = clinicRoute("records.view", {
  method: "get",
  path: "/records",
  operationId: "listRecords",
  tags,
  summary: "List records",
  description:
    "Of one patient or of all, without their texts, one page at a time. Who does not see all files gets those of their own patients.",
  problems: ["care-team-required", "invalid-cursor"],
  request: { query: RecordListQuery },
  responses: {
    200: {
      ...json(RecordPageSchema, "A page of records"),
      headers: pageHeaders,
    },
  },
});

export const getRecord = clinicRoute("records.view", {
  method: "get",
  path: "/records/{id}",
  operationId: "getRecord",
  tags,
  summary: "Read a record",
  description:
    "With its amendments. The reading is recorded in the trail before the answer leaves.",
  problems: ["care-team-required", "not-found"],
  request: { params: RecordParams, headers: ifNoneMatchHeader },
  responses: {
    200: oneRecord("The record"),
    304: notModified("record"),
  },
});

export const changeRecord = clinicRoute("records.edit", {
  method: "patch",
  path: "/records/{id}",
  operationId: "changeRecord",
  tags,
  summary: "Change an open record",
  description:
    "A merge patch. `conflict`: it is signed, and can only be amended, or it is archived.",
  problems: [...FILE_CHANGE_PROBLEMS, "conflict"],
  request: {
    params: RecordParams,
    headers: ifMatchHeader,
    body: mergePatchBody(RecordPatchSchema),
  },
  responses: { 200: oneRecord("The changed record") },
});

export const signRecord = clinicRoute("records.sign", {
  method: "post",
  path: "/records/{id}/sign",
  operationId: "signRecord",
  tags,
  summary: "Sign a record",
  description:
    "Locks the text as it is, with its hash: nobody changes it from now on. `conflict`: it is archived.",
  problems: [...FILE_CHANGE_PROBLEMS, "conflict", "invalid-transition"],
  request: { params: RecordParams, headers: ifMatchHeader },
  responses: { 200: oneRecord("The signed record") },
});

export const amendRecord = clinicRoute("records.sign", {
  method: "post",
  path: "/records/{id}/amend",
  operationId: "amendRecord",
  tags,
  summary: "Amend a signed record",
  description:
    "Adds a text of its own, signed by whoever adds it; what was signed stays. `conflict`: the record is open and can be changed, is archived, or has 100 amendments.",
  problems: [...FILE_CHANGE_PROBLEMS, "conflict"],
  idempotent: true,
  request: {
    params: RecordParams,
    headers: ifMatchHeader,
    body: jsonBody(RecordAmendmentCreateSchema),
  },
  responses: { 200: oneRecord("The record with the amendment") },
});

export const archiveRecord = clinicRoute("records.edit", {
  method: "post",
  path: "/records/{id}/archive",
  operationId: "archiveRecord",
  tags,
  summary: "Archive a record",
  description:
    "The record leaves the lists and can be restored. Archiving an archived record changes nothing.",
  problems: [...FILE_CHANGE_PROBLEMS],
  request: { params: RecordParams, headers: ifMatchHeader },
  responses: { 200: oneRecord("The archived record") },
});

export const restoreRecord = clinicRoute("records.edit", {
  method: "post",
  path: "/records/{id}/restore",
  operationId: "restoreRecord",
  tags,
  summary: "Restore a record",
  description:
    "The record is in the lists again. Restoring a record that is in use changes nothing.",
  problems: [...FILE_CHANGE_PROBLEMS],
  request: { params: RecordParams, headers: ifMatchHeader },
  responses: { 200: oneRecord("The record in use") },
});
