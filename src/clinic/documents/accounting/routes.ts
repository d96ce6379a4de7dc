import { clinicRouter } from "../../../http/router.ts";
import * as declared from "./declarations.ts";
import { sumUp } from "./queries.ts";

/** What an accountant asks for. */
export const accounting = clinicRouter();

accounting.openapi(declared.getAccountingSummary, async (c) => {
  const days = c.req.valid("query");
  const sums = await c.var.clinic.readAs(
    { action: "accounting.view" },
    (tx) => sumUp(tx, days),
  );
  return c.json({ ...days, currency: "EUR" as const, ...sums }, 200);
});
