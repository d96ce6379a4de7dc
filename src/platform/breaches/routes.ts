import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { cursorBinding } from "../../http/cursor.ts";
import type { PlatformEnv } from "../../http/env.ts";
import { closePage, openPage } from "../../http/pages.ts";
import { platformRouter } from "../../http/router.ts";
import { linkNext } from "../../http/row_versions.ts";
import type { NewId } from "../../kernel/ids.ts";
import * as declared from "./declarations.ts";
import { type Breach, findBreach, listBreaches, type Run } from "./queries.ts";
import {
  closeBreach,
  eventsOf,
  noSuchBreach,
  notifyBreach,
  openBreach,
} from "./register.ts";
import type { BreachView } from "./schemas.ts";

/** The register of breaches. */
export function breachRoutes(newId: NewId): OpenAPIHono<PlatformEnv> {
  const breaches = platformRouter();

  breaches.openapi(declared.listBreaches, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid("query");
    const { central, vault } = c.var;
    const binding = cursorBinding("listBreaches", filter);
    const window = openPage(vault, binding, { limit, cursor });
    const [before] = window.after ?? [];
    const rows = await central.read((tx) =>
      listBreaches(tx, filter, before ?? undefined, window.fetch)
    );
    const result = closePage(
      vault,
      binding,
      window,
      rows,
      ({ id }) => [id],
      toView,
    );
    linkNext(c, result.page.nextCursor);
    return c.json(result, 200);
  });

  breaches.openapi(declared.createBreach, async (c) => {
    const { clinicIds = [], ...members } = c.req.valid("json");
    const id = newId();
    const changedBy = c.var.actor.userId;
    const entry = { ...members, clinicIds, id, changedBy };
    const made = await change(c, "open", (tx) => openBreach(tx, entry));
    c.header("location", declared.breachPath(id));
    return c.json(made, 201);
  });

  breaches.openapi(declared.getBreach, async (c) => {
    const { id } = c.req.valid("param");
    const found = await c.var.central.read((tx) => findBreach(tx, id));
    if (!found) throw noSuchBreach();
    return c.json(toView(found), 200);
  });

  breaches.openapi(declared.notifyBreach, async (c) => {
    const { id } = c.req.valid("param");
    const told = c.req.valid("json");
    const { userId } = c.var.actor;
    const changed = await change(
      c,
      "notify",
      (tx) => notifyBreach(tx, id, told, userId),
    );
    return c.json(changed, 200);
  });

  breaches.openapi(declared.closeBreach, async (c) => {
    const { id } = c.req.valid("param");
    const closing = c.req.valid("json");
    const { userId } = c.var.actor;
    const changed = await change(
      c,
      "close",
      (tx) => closeBreach(tx, id, closing, userId),
    );
    return c.json(changed, 200);
  });

  return breaches;
}

async function change(
  c: Context<PlatformEnv>,
  what: "open" | "notify" | "close",
  fn: (tx: Run) => Promise<Breach>,
): Promise<BreachView> {
  const changed = await c.var.central.write(async (tx) => {
    const breach = await fn(tx);
    const [first, ...more] = eventsOf(`breach.${what}`, breach);
    for (const event of more) tx.audit(event, breach);
    return tx.audit(first!, breach);
  });
  return toView(changed);
}

/** Member by member: a new column never leaks. */
function toView(breach: Breach): BreachView {
  return {
    id: breach.id,
    state: breach.state,
    discoveredAt: breach.discoveredAt,
    dueAt: breach.dueAt,
    hoursLeft: breach.hoursLeft,
    overdue: breach.overdue,
    description: breach.description,
    clinicIds: [...breach.clinicIds],
    cnilReference: breach.cnilReference,
    notifiedAt: breach.notifiedAt,
    notNotifiedBecause: breach.notNotifiedBecause,
    informedAt: breach.informedAt,
    closedAt: breach.closedAt,
    history: breach.history.map((change) => ({ ...change })),
    createdAt: breach.createdAt,
    updatedAt: breach.updatedAt,
  };
}
