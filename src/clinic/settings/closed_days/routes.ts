import { cursorBinding } from "../../../http/cursor.ts";
import { requireIfMatch } from "../../../http/etag.ts";
import { clinicRouter } from "../../../http/router.ts";
import { noSuch, showVersion } from "../../../http/row_versions.ts";
import { answerPage } from "../../../http/sorted_list.ts";
import { uuidv7 } from "../../../kernel/ids.ts";
import {
  addClosedDays,
  changeClosedDays,
  NOUN,
  removeClosedDays,
  toClosedDays,
} from "./changes.ts";
import * as declared from "./declarations.ts";
import { findClosedDays, listClosedDays } from "./queries.ts";

export const closedDays = clinicRouter();

closedDays.openapi(declared.createClosedDays, async (c) => {
  const id = uuidv7();
  const row = await addClosedDays(c.var.clinic, id, c.req.valid("json"));
  c.header("location", `/v1/clinic/closed-days/${id}`);
  showVersion(c, row.version);
  return c.json(toClosedDays(row), 201);
});

closedDays.openapi(declared.listClosedDays, async (c) => {
  const { from, sort = "firstDay", ...page } = c.req.valid("query");
  const descending = sort === "-firstDay";
  const result = await answerPage(
    c,
    cursorBinding("listClosedDays", { from, sort }),
    page,
    (window) =>
      c.var.clinic.read((tx) => listClosedDays(tx, from, descending, window)),
    toClosedDays,
  );
  return c.json(result, 200);
});

closedDays.openapi(declared.getClosedDays, async (c) => {
  const { id } = c.req.valid("param");
  const row = await c.var.clinic.read((tx) => findClosedDays(tx, id));
  if (!row) throw noSuch(NOUN);
  if (showVersion(c, row.version)) return c.body(null, 304);
  return c.json(toClosedDays(row), 200);
});

closedDays.openapi(declared.changeClosedDays, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const patch = c.req.valid("json");
  const row = await changeClosedDays(c.var.clinic, id, condition, patch);
  showVersion(c, row.version);
  return c.json(toClosedDays(row), 200);
});

closedDays.openapi(declared.removeClosedDays, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  await removeClosedDays(c.var.clinic, id, condition);
  return c.body(null, 204);
});
