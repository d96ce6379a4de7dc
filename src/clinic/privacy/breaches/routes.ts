import type { OpenAPIHono } from "@hono/zod-openapi";
import type { BreachExtent } from "../../../audit/breach_extent.ts";
import type { Period } from "../../../audit/breach_period.ts";
import { networksOf } from "../../../audit/networks.ts";
import { cursorBinding } from "../../../http/cursor.ts";
import type { ClinicEnv } from "../../../http/env.ts";
import { closePage, openPage, type Page } from "../../../http/pages.ts";
import { clinicRouter } from "../../../http/router.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { queryBreach } from "./declarations.ts";
import { requirePeriod } from "./rules.ts";
import type { BreachExtentView } from "./schemas.ts";

type TouchedPatient = BreachExtentView["data"][number];

/** Whom a breach touched in the clinic. */
export function breachQueries(
  { clock }: { readonly clock: Clock },
): OpenAPIHono<ClinicEnv> {
  const queries = clinicRouter();

  queries.openapi(queryBreach, async (c) => {
    const { limit, cursor, ...wanted } = c.req.valid("json");
    const { clinic, vault, trail } = c.var;
    const period = requirePeriod(wanted, clock());
    const { actorId, sessionId, network } = wanted;
    const networks = network === undefined ? undefined : networksOf(network);
    const binding = cursorBinding("queryBreach", wanted);
    const window = openPage(vault, binding, { limit, cursor });
    const [behind] = window.after ?? [];
    const extent = await clinic.readAs(
      { action: "breach.query" },
      () =>
        trail.extent(
          { ...period, actorId, sessionId, networks },
          behind ?? undefined,
          window.fetch,
        ),
    );
    const page = closePage(
      vault,
      binding,
      window,
      extent.patients,
      ({ patientId }) => [patientId],
      (patient) => ({ ...patient, categories: [...patient.categories] }),
    );
    return c.json(toView(period, extent, page), 200);
  });

  return queries;
}

function toView(
  { from, to }: Period,
  extent: BreachExtent,
  page: Page<TouchedPatient>,
): BreachExtentView {
  const { persons, lines, firstAt, lastAt, refused, listed } = extent;
  return {
    from,
    to,
    persons,
    lines,
    firstAt,
    lastAt,
    refused,
    accesses: [...extent.accesses],
    categories: [...extent.categories],
    lists: {
      lines: listed,
      extent: listed === 0 ? "none" : "unknown",
      actions: [...extent.lists],
    },
    ...page,
  };
}
