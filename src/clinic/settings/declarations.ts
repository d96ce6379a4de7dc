import { clinicRoute, json, mergePatchBody } from "../../http/route.ts";
import {
  etagHeader,
  ifMatchHeader,
  ifNoneMatchHeader,
} from "../../http/schemas.ts";
import { ClinicSettingsPatchSchema, ClinicSettingsSchema } from "./schemas.ts";

const tags: ["clinic"] = ["clinic"];

export const getClinicSettings = clinicRoute("settings.view", {
  method: "get",
  path: "/clinic/settings",
  operationId: "getClinicSettings",
  tags,
  summary: "Read the clinic's settings",
  description: "Time zone, opening hours, and who bills.",
  request: { headers: ifNoneMatchHeader },
  responses: {
    200: {
      ...json(ClinicSettingsSchema, "The settings"),
      headers: etagHeader,
    },
    304: {
      description: "The settings are the ones that If-None-Match names",
      headers: etagHeader,
    },
  },
});

export const changeClinicSettings = clinicRoute("settings.edit", {
  method: "patch",
  path: "/clinic/settings",
  operationId: "changeClinicSettings",
  tags,
  summary: "Change the clinic's settings",
  description:
    "A merge patch. Opening hours are given for a whole weekday at a time. Shorter ones end what can be booked from now on: hours of practitioners beyond them stay written down, and count for nothing.",
  problems: ["precondition-required", "precondition-failed"],
  request: {
    headers: ifMatchHeader,
    body: mergePatchBody(ClinicSettingsPatchSchema),
  },
  responses: {
    200: {
      ...json(ClinicSettingsSchema, "The changed settings"),
      headers: etagHeader,
    },
  },
});
