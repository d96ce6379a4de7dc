import { etagOf, matchesIfNoneMatch, requireIfMatch } from "../../http/etag.ts";
import { closePage, openPage } from "../../http/pages.ts";
import { cursorBinding } from "../../http/cursor.ts";
import { clinicRouter } from "../../http/router.ts";
import { AppError } from "../../kernel/errors.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import { requireReadable } from "../../tenancy/file_access.ts";
import {
  changePatientFile,
  createPatientFile,
  requirePatient,
  setArchived,
} from "./changes.ts";
import * as declared from "./declarations.ts";
import { type ListedPatientRow, listPatients } from "./queries.ts";
import { nirIndex, searchWords, toListedPatient, toPatient } from "./rules.ts";

export const patients = clinicRouter();

patients.openapi(declared.createPatient, async (c) => {
  const id = uuidv7();
  const { clinic, vault } = c.var;
  const row = await createPatientFile(clinic, vault, id, c.req.valid("json"));
  c.header("location", `/v1/patients/${id}`);
  c.header("etag", etagOf(row.version));
  return c.json(toPatient(vault, row), 201);
});

patients.openapi(declared.getPatient, async (c) => {
  const { id } = c.req.valid("param");
  const { clinic, actor, vault } = c.var;
  const row = await clinic.readAs(
    { action: "patient.view", entityId: id, patientId: id },
    (tx) => requirePatient(tx, id),
  );
  requireReadable(actor, row);
  c.header("etag", etagOf(row.version));
  if (matchesIfNoneMatch(c.req.header("if-none-match"), row.version)) {
    return c.body(null, 304);
  }
  return c.json(toPatient(vault, row), 200);
});

patients.openapi(declared.listPatients, async (c) => {
  const { sort = "name", status = "active", ...page } = c.req.valid("query");
  const { clinic, vault, actor } = c.var;
  const binding = cursorBinding("listPatients", { sort, status });
  const window = openPage(vault, binding, page);
  const rows = await clinic.readAs(
    { action: "patient.list" },
    (tx) => listPatients(tx, actor, { status }, sort, window),
  );
  const result = closePage(
    vault,
    binding,
    window,
    rows,
    positionOf,
    toListedPatient,
  );
  if (result.page.nextCursor !== null) {
    const next = new URL(c.req.url);
    next.searchParams.set("cursor", result.page.nextCursor);
    c.header("link", `<${next.pathname}${next.search}>; rel="next"`);
  }
  return c.json(result, 200);
});

patients.openapi(declared.searchPatients, async (c) => {
  const { name, nir, status = "active", ...page } = c.req.valid("json");
  const { clinic, vault, actor } = c.var;
  const words = name === undefined ? undefined : searchWords(name);
  if (words?.length === 0 || (words === undefined && nir === undefined)) {
    throw nothingToSearch();
  }
  const binding = cursorBinding("searchPatients", { words, nir, status });
  const window = openPage(vault, binding, page);
  const filter = {
    status,
    words,
    nirIndex: nir === undefined ? undefined : nirIndex(vault, nir),
  };
  const rows = await clinic.readAs(
    { action: "patient.search" },
    (tx) => listPatients(tx, actor, filter, "name", window),
  );
  const result = closePage(
    vault,
    binding,
    window,
    rows,
    positionOf,
    toListedPatient,
  );
  return c.json(result, 200);
});

patients.openapi(declared.changePatient, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const { clinic, vault } = c.var;
  const row = await changePatientFile(
    clinic,
    vault,
    id,
    condition,
    c.req.valid("json"),
  );
  c.header("etag", etagOf(row.version));
  return c.json(toPatient(vault, row), 200);
});

patients.openapi(declared.archivePatient, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await setArchived(c.var.clinic, id, condition, true);
  c.header("etag", etagOf(row.version));
  return c.json(toPatient(c.var.vault, row), 200);
});

patients.openapi(declared.restorePatient, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const row = await setArchived(c.var.clinic, id, condition, false);
  c.header("etag", etagOf(row.version));
  return c.json(toPatient(c.var.vault, row), 200);
});

function positionOf(row: ListedPatientRow): [string, string] {
  return [row.sort_value, row.id];
}

function nothingToSearch(): AppError {
  return new AppError("invalid-request", "The request is not valid", {
    violations: [{
      pointer: "#/name",
      code: "nothing-to-search",
      detail: "must contain letters or digits, unless nir is given",
    }],
  });
}
