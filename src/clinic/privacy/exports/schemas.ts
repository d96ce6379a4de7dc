import { z } from "@hono/zod-openapi";
import { creationSortParameter } from "../../../http/creation_order.ts";
import { reauthentication } from "../../../http/reauthentication.ts";
import {
  cursorParameter,
  id,
  instant,
  integer,
  label,
  limitParameter,
  orNull,
  pageOf,
} from "../../../http/schemas.ts";
import { rowVersion } from "../../../http/versioned_schemas.ts";

export const EXPORT_STATES = [
  "waiting",
  "running",
  "ready",
  "fetched",
  "failed",
  "cancelled",
  "expired",
] as const;

export type ExportState = typeof EXPORT_STATES[number];

const failure = z.enum(["too-large", "unreadable", "interrupted"]).openapi({
  description:
    "`too-large`: the file has more than an archive may hold; `unreadable`: something in it does not open with any key of the clinic; `interrupted`: it was begun several times and never came to its end",
  example: "interrupted",
});

export type ExportFailure = z.infer<typeof failure>;

const members = {
  id: id("The export"),
  patientId: id("Whose file it is"),
  requestedBy: id("Who asked for it"),
  state: z.enum(EXPORT_STATES).openapi({
    description:
      "`waiting` becomes `running` and then `ready` or `failed`; `ready` becomes `fetched` by a link, or `expired`; what is not over can be `cancelled`",
    example: "ready",
  }),
  failure: orNull(failure).openapi({ example: null }),
  sizeBytes: orNull(integer({
    min: 1,
    max: 2_147_483_647,
    description: "Size of the archive",
    example: 48_213,
  })),
  archiveHash: orNull(label({
    max: 64,
    pattern: "^[0-9a-f]{64}$",
    description: "SHA-256 of the archive, in hexadecimal",
    example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  })),
  madeAt: orNull(instant("When the archive was made")),
  fetchedAt: orNull(instant("When it was first fetched")),
  expiresAt: orNull(instant("Until when the archive is kept")),
  version: rowVersion,
  createdAt: instant("When it was asked for"),
  updatedAt: instant("When it was last changed"),
};

export const PatientExportSchema = z.strictObject(members).openapi(
  "PatientExport",
  { description: "Everything that the clinic has of a patient, in an archive" },
);

export type PatientExport = z.infer<typeof PatientExportSchema>;

export const RequestedExportSchema = z.strictObject({
  ...members,
  passphrase: label({
    max: 35,
    pattern: "^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){5}$",
    description:
      "Opens the archive; shown this once and stored nowhere. To be given to the patient on another way than the link",
    example: "7K2QF-9XW3M-PD4TZ-1HBVN-6RJ8C-0SAEG",
  }),
}).openapi("RequestedPatientExport", {
  description: "An export that is being made, and what will open it",
});

export type RequestedExport = z.infer<typeof RequestedExportSchema>;

export const PatientExportCreateSchema = z.strictObject({
  ...reauthentication,
  days: integer({
    min: 1,
    max: 30,
    description: "For how long the archive is kept; 7 days unless told",
    example: 7,
  }).optional(),
}).openapi("PatientExportCreate", {
  description: "Shows again who asks, and says how long the archive is kept",
  example: { currentPassword: "correct horse battery staple", days: 7 },
});

export type PatientExportCreate = z.infer<typeof PatientExportCreateSchema>;

export const PatientExportPageSchema = pageOf(
  PatientExportSchema,
  "PatientExportPage",
  "A page of exports",
);

export const PatientExportListQuery = z.strictObject({
  patientId: id("Only the exports of one patient").optional().openapi({
    param: { name: "patientId", in: "query" },
  }),
  state: z.enum([...EXPORT_STATES, "all"]).optional().openapi({
    default: "all",
    description: "Which exports: those in one state, or all of them",
    example: "ready",
    param: { name: "state", in: "query" },
  }),
  sort: creationSortParameter,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const ExportParams = z.strictObject({
  id: id("The export").openapi({ param: { name: "id", in: "path" } }),
});

export const ExportedPatientParams = z.strictObject({
  id: id("The patient").openapi({ param: { name: "id", in: "path" } }),
});
