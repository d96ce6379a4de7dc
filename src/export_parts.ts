import { appointmentsPart } from "./clinic/appointments/export.ts";
import { accessesPart } from "./clinic/audit/export.ts";
import {
  careTeamPart,
  emergencyAccessesPart,
} from "./clinic/care_team/export.ts";
import { consentsPart } from "./clinic/consents/export.ts";
import { documentsPart } from "./clinic/documents/export.ts";
import { medicalSummariesPart } from "./clinic/patients/medical_summary/export.ts";
import { patientPart } from "./clinic/patients/export.ts";
import { prescriptionsPart } from "./clinic/prescriptions/export.ts";
import { recordsPart } from "./clinic/records/export.ts";
import type { ExportPart, TrailPart } from "./http/file_export.ts";

/** What a patient gets who asks for everything: no feature knows of another, so they meet here. */
export const EXPORT_PARTS: {
  readonly file: readonly ExportPart[];
  readonly trail: TrailPart;
} = {
  file: [
    patientPart,
    medicalSummariesPart,
    appointmentsPart,
    documentsPart,
    consentsPart,
    recordsPart,
    prescriptionsPart,
    careTeamPart,
    emergencyAccessesPart,
  ],
  trail: accessesPart,
};
