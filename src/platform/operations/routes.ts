import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { cursorBinding } from "../../http/cursor.ts";
import type { PlatformEnv } from "../../http/env.ts";
import { closePage, openPage } from "../../http/pages.ts";
import { platformRouter } from "../../http/router.ts";
import { linkNext } from "../../http/row_versions.ts";
import { AppError } from "../../kernel/errors.ts";
import type { NewId } from "../../kernel/ids.ts";
import type { Operation } from "../../tenancy/operations/operation.ts";
import type { Operations } from "../../tenancy/operations/operations.ts";
import { ledger } from "../ledger.ts";
import { type OperationView, toOperationView } from "../operation_schemas.ts";
import * as declared from "./declarations.ts";

/** The ledger of long work. What is in it is done by workers. */
export function operationRoutes(newId: NewId): OpenAPIHono<PlatformEnv> {
  const operations = platformRouter();

  operations.openapi(declared.listOperations, async (c) => {
    const { limit, cursor, state, ...filter } = c.req.valid("query");
    const { central, vault } = c.var;
    const binding = cursorBinding("listOperations", { state, ...filter });
    const window = openPage(vault, binding, { limit, cursor });
    const rows = await central.read((tx) =>
      ledger(tx, newId).list(
        { ...filter, ...(state ? { states: [state] } : {}) },
        { limit: window.fetch, before: window.after?.[0] ?? undefined },
      )
    );
    const result = closePage(
      vault,
      binding,
      window,
      rows,
      (row) => [row.id],
      toOperationView,
    );
    linkNext(c, result.page.nextCursor);
    return c.json(result, 200);
  });

  operations.openapi(declared.getOperation, async (c) => {
    const { id } = c.req.valid("param");
    const found = await c.var.central.read((tx) => ledger(tx, newId).get(id));
    if (!found) {
      throw new AppError("not-found", "There is no such operation");
    }
    return c.json(toOperationView(found), 200);
  });

  operations.openapi(declared.cancelOperation, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await change(c, "cancel", (all) => all.cancel(id)), 200);
  });

  operations.openapi(declared.retryOperation, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await change(c, "retry", (all) => all.retry(id)), 200);
  });

  return operations;

  async function change(
    c: Context<PlatformEnv>,
    what: "cancel" | "retry",
    fn: (all: Operations) => Promise<Operation>,
  ): Promise<OperationView> {
    const changed = await c.var.central.write(async (tx) => {
      const operation = await fn(ledger(tx, newId));
      return tx.audit({
        action: `operation.${what}`,
        entityId: operation.id,
        ...(operation.clinicId ? { clinicId: operation.clinicId } : {}),
      }, operation);
    });
    return toOperationView(changed);
  }
}
