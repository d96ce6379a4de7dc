import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { cursorBinding } from "../../http/cursor.ts";
import type { PlatformEnv } from "../../http/env.ts";
import { etagOf, matchesIfNoneMatch, requireIfMatch } from "../../http/etag.ts";
import { closePage, openPage } from "../../http/pages.ts";
import { linkNext } from "../../http/row_versions.ts";
import { platformRouter } from "../../http/router.ts";
import { AppError } from "../../kernel/errors.ts";
import type { NewId } from "../../kernel/ids.ts";
import type { CentralReadTx } from "../../tenancy/central_db.ts";
import type { ClinicState } from "../../tenancy/clinic.ts";
import {
  issueConfirmation,
  planClosing,
} from "../../tenancy/operations/confirmations.ts";
import type { OperationKind } from "../../tenancy/operations/operation.ts";
import { accessOf, ledger } from "../ledger.ts";
import {
  operationPath,
  type OperationView,
  toOperationView,
} from "../operation_schemas.ts";
import { changeEntry } from "./change_entry.ts";
import * as declared from "./declarations.ts";
import {
  allowedOperations,
  findClinic,
  listClinics,
  toClinic,
} from "./queries.ts";

type AskedKind = Exclude<OperationKind, "purge">;

/** The clinics' entries in the registry, and asking for work on them. */
export function clinicRoutes(newId: NewId): OpenAPIHono<PlatformEnv> {
  const clinics = platformRouter();

  clinics.openapi(declared.listClinics, async (c) => {
    const { limit, cursor, sort = "slug", ...filter } = c.req.valid("query");
    const { central, vault } = c.var;
    const binding = cursorBinding("listClinics", { sort, ...filter });
    const window = openPage(vault, binding, { limit, cursor });
    const rows = await central.read((tx) =>
      listClinics(tx, filter, sort, window)
    );
    const result = closePage(
      vault,
      binding,
      window,
      rows,
      (row) => [row.sort_value, row.id],
      toClinic,
    );
    linkNext(c, result.page.nextCursor);
    return c.json(result, 200);
  });

  clinics.openapi(declared.getClinic, async (c) => {
    const { id } = c.req.valid("param");
    const row = await c.var.central.read((tx) => findClinic(tx, id));
    if (!row) throw noSuchClinic();
    c.header("etag", etagOf(row.version));
    if (matchesIfNoneMatch(c.req.header("if-none-match"), row.version)) {
      return c.body(null, 304);
    }
    return c.json(toClinic(row), 200);
  });

  clinics.openapi(declared.createClinic, async (c) => {
    const { cell, phone = null, ...members } = c.req.valid("json");
    const input = { ...members, phone, ...(cell ? { cell } : {}) };
    return c.json(await ask(c, "create", null, { input }), 202);
  });

  clinics.openapi(declared.changeClinic, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const patch = c.req.valid("json");
    const row = await changeEntry(c.var.central, id, condition, patch);
    c.header("etag", etagOf(row.version));
    return c.json(toClinic(row), 200);
  });

  clinics.openapi(declared.suspendClinic, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await ask(c, "suspend", id), 202);
  });

  clinics.openapi(declared.resumeClinic, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await ask(c, "resume", id), 202);
  });

  clinics.openapi(declared.rotateClinic, async (c) => {
    const { id } = c.req.valid("param");
    const { secrets } = c.req.valid("json");
    const input = secrets ? { secrets } : {};
    return c.json(await ask(c, "rotate", id, { input }), 202);
  });

  clinics.openapi(declared.migrateClinic, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await ask(c, "migrate", id), 202);
  });

  clinics.openapi(declared.confirmClinicClosing, async (c) => {
    const { id } = c.req.valid("param");
    const { name } = c.req.valid("json");
    const { actor, central } = c.var;
    const confirmation = await central.write(async (tx) => {
      const clinic = await findClinic(tx, id);
      if (!clinic) throw noSuchClinic();
      if (clinic.name !== name) throw otherName();
      await requireClosable(tx, clinic.state);
      const plan = await planClosing(accessOf(tx), id);
      const issued = await issueConfirmation(
        accessOf(tx),
        id,
        actor.userId,
        plan,
      );
      return tx.audit(
        { action: "clinic.confirm-close", clinicId: id, entityId: id },
        { ...issued, ...plan },
      );
    });
    const { token, expiresAt, closesAt, purgeAt, backupsDeletedAt } =
      confirmation;
    return c.json({
      token,
      expiresAt,
      closesAt,
      purgeAt,
      backupsDeletedAt,
    }, 200);
  });

  clinics.openapi(declared.closeClinic, async (c) => {
    const { id } = c.req.valid("param");
    const { confirmation } = c.req.valid("json");
    return c.json(await ask(c, "close", id, { confirmation }), 202);
  });

  return clinics;

  /** Records what is wanted. A worker does it: this process could not. */
  async function ask(
    c: Context<PlatformEnv>,
    kind: AskedKind,
    clinicId: string | null,
    more: { readonly input?: object; readonly confirmation?: string } = {},
  ): Promise<OperationView> {
    const { actor, central } = c.var;
    const { input = {}, confirmation } = more;
    const operation = await central.write(async (tx) => {
      if (clinicId && !await findClinic(tx, clinicId)) throw noSuchClinic();
      const operation = await ledger(tx, newId).request({
        kind,
        clinicId,
        input: { ...input },
        requestedBy: actor.userId,
        confirmation,
      });
      return tx.audit({
        action: `clinic.request-${kind}`,
        entityId: operation.id,
        ...(operation.clinicId ? { clinicId: operation.clinicId } : {}),
      }, operation);
    });
    c.header("location", operationPath(operation.id));
    return toOperationView(operation);
  }
}

async function requireClosable(
  tx: CentralReadTx,
  state: ClinicState,
): Promise<void> {
  const allowed = await allowedOperations(tx, state);
  if (allowed.includes("close")) return;
  throw new AppError(
    "invalid-transition",
    `The clinic is ${state}: close is not possible`,
    { extensions: { state, allowed } },
  );
}

function noSuchClinic(): AppError {
  return new AppError("not-found", "There is no such clinic");
}

function otherName(): AppError {
  return new AppError("invalid-request", "This is not the clinic's name", {
    violations: [{
      pointer: "#/name",
      code: "wrong",
      detail: "is not the name of this clinic",
    }],
  });
}
