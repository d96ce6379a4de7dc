import { clinicRouter } from "../../../http/router.ts";
import * as declared from "./declarations.ts";
import { answerSlots } from "./search.ts";

/** When practitioners can be booked. */
export const slots = clinicRouter();

slots.openapi(declared.listSlots, async (c) => {
  return c.json(await answerSlots(c, undefined, c.req.valid("query")), 200);
});

slots.openapi(declared.listPractitionerSlots, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(await answerSlots(c, id, c.req.valid("query")), 200);
});
