import { clinicRouter } from "../../../http/router.ts";
import { LEGAL_HOLD, lift, place, readPlaced, RESTRICTION } from "./changes.ts";
import * as declared from "./declarations.ts";

/** What is placed on files: restrictions (GDPR art. 18) and legal holds (art. 17(3)(e)). */
export const placed = clinicRouter();

placed.openapi(declared.getRestriction, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(await readPlaced(c.var, RESTRICTION, id), 200);
});

placed.openapi(declared.placeRestriction, async (c) => {
  const { id } = c.req.valid("param");
  const { reason } = c.req.valid("json");
  return c.json(await place(c.var, RESTRICTION, id, reason), 200);
});

placed.openapi(declared.liftRestriction, async (c) => {
  await lift(c.var, RESTRICTION, c.req.valid("param").id);
  return c.body(null, 204);
});

placed.openapi(declared.getLegalHold, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(await readPlaced(c.var, LEGAL_HOLD, id), 200);
});

placed.openapi(declared.placeLegalHold, async (c) => {
  const { id } = c.req.valid("param");
  const { reason } = c.req.valid("json");
  return c.json(await place(c.var, LEGAL_HOLD, id, reason), 200);
});

placed.openapi(declared.liftLegalHold, async (c) => {
  await lift(c.var, LEGAL_HOLD, c.req.valid("param").id);
  return c.body(null, 204);
});
