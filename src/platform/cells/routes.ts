import { cursorBinding } from "../../http/cursor.ts";
import { etagOf, requireIfMatch } from "../../http/etag.ts";
import { closePage, openPage } from "../../http/pages.ts";
import { platformRouter } from "../../http/router.ts";
import { linkNext, noSuch } from "../../http/row_versions.ts";
import { changeCentralRow } from "../change_row.ts";
import { changeCell, getCell, listCells } from "./declarations.ts";
import { type CellRow, findCell, selectCells, updateCell } from "./queries.ts";
import type { Cell } from "./schemas.ts";

/** Where clinics' databases can be. */
export const cells = platformRouter();

cells.openapi(listCells, async (c) => {
  const { central, vault } = c.var;
  const binding = cursorBinding("listCells", {});
  const window = openPage(vault, binding, c.req.valid("query"));
  const rows = await central.read((tx) => selectCells(tx, window));
  const result = closePage(
    vault,
    binding,
    window,
    rows,
    (row) => [row.name],
    toCell,
  );
  linkNext(c, result.page.nextCursor);
  return c.json(result, 200);
});

cells.openapi(getCell, async (c) => {
  const { id } = c.req.valid("param");
  const row = await c.var.central.read((tx) => findCell(tx, id));
  if (!row) throw noSuch("cell");
  c.header("etag", etagOf(row.version));
  return c.json(toCell(row), 200);
});

cells.openapi(changeCell, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const patch = c.req.valid("json");
  const changedFields = Object.keys(patch).sort();
  const row = await changeCentralRow(
    c.var.central,
    condition,
    { action: "cell.change", entityId: id, changedFields },
    {
      noun: "cell",
      find: (tx) => findCell(tx, id),
      update: (tx) => updateCell(tx, id, condition, patch),
    },
    () => changedFields.length > 0,
  );
  c.header("etag", etagOf(row.version));
  return c.json(toCell(row), 200);
});

/** Member by member: addresses and probes are of no concern here. */
function toCell(row: CellRow): Cell {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    maxBackends: row.max_backends,
    keepReady: row.keep_ready,
    ready: row.ready,
    clinics: row.clinics,
    createdAt: row.created_at,
  };
}
