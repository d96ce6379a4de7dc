import { ACTIVE } from "../../http/common_members.ts";
import { cursorBinding } from "../../http/cursor.ts";
import { requireIfMatch } from "../../http/etag.ts";
import { clinicRouter } from "../../http/router.ts";
import { noSuch, showVersion } from "../../http/row_versions.ts";
import { answerPage } from "../../http/sorted_list.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import { addResource, changeResource, NOUN, toResource } from "./changes.ts";
import * as declared from "./declarations.ts";
import { findResource, listResources } from "./queries.ts";

export const resources = clinicRouter();

resources.openapi(declared.createResource, async (c) => {
  const id = uuidv7();
  const row = await addResource(c.var.clinic, id, c.req.valid("json"));
  c.header("location", `/v1/resources/${id}`);
  showVersion(c, row.version);
  return c.json(toResource(row), 201);
});

resources.openapi(declared.listResources, async (c) => {
  const { status = "active", sort = "name", ...page } = c.req.valid("query");
  const descending = sort === "-name";
  const result = await answerPage(
    c,
    cursorBinding("listResources", { status, sort }),
    page,
    (window) =>
      c.var.clinic.read((tx) =>
        listResources(tx, ACTIVE[status], descending, window)
      ),
    toResource,
  );
  return c.json(result, 200);
});

resources.openapi(declared.getResource, async (c) => {
  const { id } = c.req.valid("param");
  const row = await c.var.clinic.read((tx) => findResource(tx, id));
  if (!row) throw noSuch(NOUN);
  if (showVersion(c, row.version)) return c.body(null, 304);
  return c.json(toResource(row), 200);
});

resources.openapi(declared.changeResource, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const patch = c.req.valid("json");
  const row = await changeResource(c.var.clinic, id, condition, patch);
  showVersion(c, row.version);
  return c.json(toResource(row), 200);
});
