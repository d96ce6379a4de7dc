import { cursorBinding } from "../../http/cursor.ts";
import { closePage, openPage } from "../../http/pages.ts";
import { platformRouter } from "../../http/router.ts";
import { linkNext } from "../../http/row_versions.ts";
import { type Cell, listCells } from "./declarations.ts";
import { type CellRow, selectCells } from "./queries.ts";

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

/** Member by member: addresses and probes are of no concern here. */
function toCell(row: CellRow): Cell {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    maxBackends: row.max_backends,
    clinics: row.clinics,
    createdAt: row.created_at,
  };
}
