import { requireIfMatch } from "../../http/etag.ts";
import { clinicRouter } from "../../http/router.ts";
import { showVersion } from "../../http/row_versions.ts";
import { changeSettings } from "./changes.ts";
import * as declared from "./declarations.ts";
import { findSettings } from "./queries.ts";
import { toSettings } from "./rules.ts";

export const settings = clinicRouter();

settings.openapi(declared.getClinicSettings, async (c) => {
  const row = await c.var.clinic.read(findSettings);
  if (showVersion(c, row!.version)) return c.body(null, 304);
  return c.json(toSettings(row!), 200);
});

settings.openapi(declared.changeClinicSettings, async (c) => {
  const condition = requireIfMatch(c.req.header("if-match"));
  const { clinic, clinicInfo } = c.var;
  const patch = c.req.valid("json");
  const row = await changeSettings(clinic, clinicInfo.id, condition, patch);
  showVersion(c, row.version);
  return c.json(toSettings(row), 200);
});
