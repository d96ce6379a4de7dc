import { requireIfMatch } from "../../../http/etag.ts";
import { clinicRouter } from "../../../http/router.ts";
import { noSuch, showVersion } from "../../../http/row_versions.ts";
import {
  clearWeek,
  readWeek,
  setTemplate,
  setWeek,
  toAvailability,
} from "./changes.ts";
import * as declared from "./declarations.ts";
import { findAvailability } from "./queries.ts";
import { NOUN } from "../changes.ts";

/** When practitioners work. */
export const availability = clinicRouter();

availability.openapi(declared.getAvailability, async (c) => {
  const { id } = c.req.valid("param");
  const row = await c.var.clinic.read((tx) => findAvailability(tx, id));
  if (!row) throw noSuch(NOUN);
  if (showVersion(c, row.version)) return c.body(null, 304);
  return c.json(toAvailability(row), 200);
});

availability.openapi(declared.replaceAvailability, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const body = c.req.valid("json");
  const row = await setTemplate(c.var.clinic, id, condition, body);
  showVersion(c, row.version);
  return c.json(toAvailability(row), 200);
});

availability.openapi(declared.getPractitionerWeek, async (c) => {
  const { id, week } = c.req.valid("param");
  const found = await readWeek(c.var.clinic, id, week);
  showVersion(c, found.version);
  return c.json(found, 200);
});

availability.openapi(declared.replacePractitionerWeek, async (c) => {
  const { id, week } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const body = c.req.valid("json");
  const changed = await setWeek(c.var.clinic, id, week, condition, body);
  showVersion(c, changed.version);
  return c.json(changed, 200);
});

availability.openapi(declared.clearPractitionerWeek, async (c) => {
  const { id, week } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  await clearWeek(c.var.clinic, id, week, condition);
  return c.body(null, 204);
});
