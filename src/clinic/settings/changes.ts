import { DatabaseError } from "../../db/errors.ts";
import type { VersionCondition } from "../../http/etag.ts";
import { changeRow } from "../../http/row_versions.ts";
import {
  requireOrderedHours,
  toHoursRows,
  weekdaysOf,
} from "../../http/weekly_hours.ts";
import { AppError } from "../../kernel/errors.ts";
import type { ClinicDb } from "../../tenancy/clinic_db.ts";
import { findSettings, type SettingsRow, updateSettings } from "./queries.ts";
import {
  changedFields,
  requireCheckDigits,
  toSettingsColumns,
} from "./rules.ts";
import type { ClinicSettingsPatch } from "./schemas.ts";

/** @param clinicId whose settings they are, for the trail */
export async function changeSettings(
  clinic: ClinicDb,
  clinicId: string,
  condition: VersionCondition,
  patch: ClinicSettingsPatch,
): Promise<SettingsRow> {
  const { openingHours = {}, billing = {} } = patch;
  requireOrderedHours(openingHours, "#/openingHours");
  requireCheckDigits(billing);
  const fields = changedFields(patch);
  const event = {
    action: "settings.change",
    entityId: clinicId,
    changedFields: fields,
  } as const;
  try {
    return await changeRow(
      clinic,
      condition,
      event,
      {
        noun: "clinic",
        find: findSettings,
        update: (tx) =>
          updateSettings(
            tx,
            condition,
            toSettingsColumns(patch),
            weekdaysOf(openingHours),
            toHoursRows(openingHours),
          ),
      },
      () => fields.length > 0,
    );
  } catch (error) {
    throw namedError(error);
  }
}

function namedError(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  if (error.constraint !== "clinic_settings_time_zone_known") return error;
  return new AppError("invalid-request", "The request is not valid", {
    cause: error,
    violations: [{
      pointer: "#/timeZone",
      code: "unknown-time-zone",
      detail: "is no time zone of the IANA database",
    }],
  });
}
