import { json, platformRoute } from "../../http/route.ts";
import { pageHeaders } from "../../http/schemas.ts";
import { PlatformAuditPageSchema, PlatformAuditQuery } from "./schemas.ts";

const tags: ["platform"] = ["platform"];

export const listPlatformTrail = platformRoute("platform.audit.view", {
  method: "get",
  path: "/audit",
  operationId: "listPlatformAuditLines",
  tags,
  summary: "Read the platform's trail",
  description:
    "What became of clinics, who asked for it, and who of the platform logged in or was refused; the latest first. What people do in a clinic is for that clinic alone. This look into the trail is on it as well.",
  problems: ["invalid-cursor"],
  request: { query: PlatformAuditQuery },
  responses: {
    200: {
      ...json(PlatformAuditPageSchema, "A page of the platform's trail"),
      headers: pageHeaders,
    },
  },
});
