import { cursorBinding } from "../../http/cursor.ts";
import { etagOf, requireIfMatch } from "../../http/etag.ts";
import { clinicRouter } from "../../http/router.ts";
import { noSuch, showVersion } from "../../http/row_versions.ts";
import { answerPage } from "../../http/sorted_list.ts";
import { changeItem, createItem, NOUN, setItemArchived } from "./changes.ts";
import * as declared from "./declarations.ts";
import { findItem, type ListedItemRow, listItems } from "./queries.ts";
import { toItem } from "./rules.ts";

export const catalogue = clinicRouter();

catalogue.openapi(declared.createCatalogueItem, async (c) => {
  const row = await createItem(c.var.clinic, c.req.valid("json"));
  c.header("location", `/v1/catalogue/items/${row.id}`);
  c.header("etag", etagOf(row.version));
  return c.json(toItem(row), 201);
});

catalogue.openapi(declared.listCatalogueItems, async (c) => {
  const { kind, status = "active", text, sort = "title", ...page } = c.req
    .valid("query");
  const result = await answerPage(
    c,
    cursorBinding("listCatalogueItems", { kind, status, text, sort }),
    page,
    (window) =>
      c.var.clinic.read((tx) =>
        listItems(tx, { kind, status, text }, sort === "-title", window)
      ),
    (row: ListedItemRow) => toItem(row),
  );
  return c.json(result, 200);
});

catalogue.openapi(declared.getCatalogueItem, async (c) => {
  const { id } = c.req.valid("param");
  const row = await c.var.clinic.read((tx) => findItem(tx, id));
  if (!row) throw noSuch(NOUN);
  if (showVersion(c, row.version)) return c.body(null, 304);
  return c.json(toItem(row), 200);
});

catalogue.openapi(declared.changeCatalogueItem, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const patch = c.req.valid("json");
  const row = await changeItem(c.var.clinic, id, condition, patch);
  c.header("etag", etagOf(row.version));
  return c.json(toItem(row), 200);
});

catalogue.openapi(declared.archiveCatalogueItem, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await setItemArchived(c.var.clinic, id, condition, true);
  c.header("etag", etagOf(row.version));
  return c.json(toItem(row), 200);
});

catalogue.openapi(declared.restoreCatalogueItem, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await setItemArchived(c.var.clinic, id, condition, false);
  c.header("etag", etagOf(row.version));
  return c.json(toItem(row), 200);
});
