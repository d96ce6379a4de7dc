import { cursorBinding } from "../../http/cursor.ts";
import { closePage, openPage } from "../../http/pages.ts";
import { platformRouter } from "../../http/router.ts";
import { linkNext } from "../../http/row_versions.ts";
import { listPools } from "./declarations.ts";
import { type PoolRow, selectPools } from "./queries.ts";
import type { Pool } from "./schemas.ts";

/** Which process may hold how many connections of which cell. */
export const pools = platformRouter();

pools.openapi(listPools, async (c) => {
  const { central, vault } = c.var;
  const binding = cursorBinding("listPools", {});
  const window = openPage(vault, binding, c.req.valid("query"));
  const rows = await central.read((tx) => selectPools(tx, window));
  const result = closePage(
    vault,
    binding,
    window,
    rows,
    ({ name }) => [name],
    toPool,
  );
  linkNext(c, result.page.nextCursor);
  return c.json(result, 200);
});

function toPool({ id, name, max_backends, processes }: PoolRow): Pool {
  return {
    cellId: id,
    cell: name,
    maxBackends: max_backends,
    granted: processes.reduce((sum, { backends }) => sum + backends, 0),
    processes: processes.map(({ processId, backends, heardAt }) => ({
      processId,
      backends,
      heardAt,
    })),
  };
}
