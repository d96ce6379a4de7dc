import { cursorBinding } from "../../http/cursor.ts";
import { requireIfMatch } from "../../http/etag.ts";
import { clinicRouter } from "../../http/router.ts";
import { noSuch, showVersion } from "../../http/row_versions.ts";
import { answerPage } from "../../http/sorted_list.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import {
  addPractitioner,
  changePractitioner,
  NOUN,
  setArchived,
} from "./changes.ts";
import * as declared from "./declarations.ts";
import { findPractitioner, listPractitioners } from "./queries.ts";
import { toPractitioner } from "./rules.ts";

export const practitioners = clinicRouter();

practitioners.openapi(declared.createPractitioner, async (c) => {
  const id = uuidv7();
  const row = await addPractitioner(c.var.clinic, id, c.req.valid("json"));
  c.header("location", `/v1/practitioners/${id}`);
  showVersion(c, row.version);
  return c.json(toPractitioner(row), 201);
});

practitioners.openapi(declared.listPractitioners, async (c) => {
  const { status = "active", sort = "name", ...page } = c.req.valid("query");
  const result = await answerPage(
    c,
    cursorBinding("listPractitioners", { status, sort }),
    page,
    (window) =>
      c.var.clinic.read((tx) =>
        listPractitioners(tx, status, sort === "-name", window)
      ),
    toPractitioner,
  );
  return c.json(result, 200);
});

practitioners.openapi(declared.getPractitioner, async (c) => {
  const { id } = c.req.valid("param");
  const row = await c.var.clinic.read((tx) => findPractitioner(tx, id));
  if (!row) throw noSuch(NOUN);
  if (showVersion(c, row.version)) return c.body(null, 304);
  return c.json(toPractitioner(row), 200);
});

practitioners.openapi(declared.changePractitioner, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const patch = c.req.valid("json");
  const row = await changePractitioner(c.var.clinic, id, condition, patch);
  showVersion(c, row.version);
  return c.json(toPractitioner(row), 200);
});

practitioners.openapi(declared.archivePractitioner, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await setArchived(c.var.clinic, id, condition, true);
  showVersion(c, row.version);
  return c.json(toPractitioner(row), 200);
});

practitioners.openapi(declared.restorePractitioner, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await setArchived(c.var.clinic, id, condition, false);
  showVersion(c, row.version);
  return c.json(toPractitioner(row), 200);
});
