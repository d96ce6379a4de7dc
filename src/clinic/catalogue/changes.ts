import { DatabaseError } from "../../db/errors.ts";
import { sql } from "../../db/sql.ts";
import type { VersionCondition } from "../../http/etag.ts";
import { changeRow } from "../../http/row_versions.ts";
import { AppError } from "../../kernel/errors.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import type { ClinicDb } from "../../tenancy/clinic_db.ts";
import {
  type CatalogueItemRow,
  findItem,
  findItemByCode,
  insertItem,
  updateItem,
} from "./queries.ts";
import { toColumns } from "./rules.ts";
import type { CatalogueItemCreate, CatalogueItemPatch } from "./schemas.ts";

export const NOUN = "item in the catalogue";

export async function createItem(
  clinic: ClinicDb,
  members: CatalogueItemCreate,
): Promise<CatalogueItemRow> {
  const id = uuidv7();
  try {
    return await clinic.write(async (tx) => {
      const row = await insertItem(tx, id, toColumns(members));
      return tx.audit({
        action: "catalogue-item.create",
        entityId: id,
        changedFields: Object.keys(members).sort(),
      }, row);
    });
  } catch (error) {
    throw await namedError(error, clinic, members.code);
  }
}

export async function changeItem(
  clinic: ClinicDb,
  id: string,
  condition: VersionCondition,
  patch: CatalogueItemPatch,
): Promise<CatalogueItemRow> {
  const columns = toColumns(patch);
  const changedFields = Object.keys(patch).sort();
  try {
    return await changeRow(
      clinic,
      condition,
      { action: "catalogue-item.change", entityId: id, changedFields },
      {
        noun: NOUN,
        find: (tx) => findItem(tx, id),
        update: (tx) => updateItem(tx, id, condition, columns),
      },
      () => changedFields.length > 0,
    );
  } catch (error) {
    throw await namedError(error, clinic, patch.code);
  }
}

export async function setItemArchived(
  clinic: ClinicDb,
  id: string,
  condition: VersionCondition,
  archived: boolean,
): Promise<CatalogueItemRow> {
  const archivedAt = archived ? sql`now()` as never : null;
  try {
    return await changeRow(
      clinic,
      condition,
      {
        action: archived ? "catalogue-item.archive" : "catalogue-item.restore",
        entityId: id,
      },
      {
        noun: NOUN,
        find: (tx) => findItem(tx, id),
        update: (tx) =>
          updateItem(tx, id, condition, { archived_at: archivedAt }),
      },
      (row) => (row.archived_at !== null) !== archived,
    );
  } catch (error) {
    const row = await clinic.read((tx) => findItem(tx, id));
    throw await namedError(error, clinic, row?.code);
  }
}

/** Gives the name of a broken rule to the client; the rules themselves stand in the schema. */
async function namedError(
  error: unknown,
  clinic: ClinicDb,
  code: string | null | undefined,
): Promise<unknown> {
  if (!(error instanceof DatabaseError)) return error;
  switch (error.constraint) {
    case "catalogue_items_code_key": {
      const candidate = code &&
        await clinic.read((tx) => findItemByCode(tx, code));
      return new AppError("duplicate", "Another item has this code", {
        cause: error,
        ...(candidate ? { extensions: { candidate: candidate.id } } : {}),
      });
    }
    case "catalogue_items_vat_check":
      return conflict("An exempt item has the VAT rate 0, any other more");
    case "catalogue_items_duration_check":
      return conflict("Products have no duration");
    default:
      return error;
  }

  function conflict(detail: string): AppError {
    return new AppError("conflict", detail, { cause: error });
  }
}
