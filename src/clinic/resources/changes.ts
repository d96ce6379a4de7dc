import type { VersionCondition } from "../../http/etag.ts";
import { changeRow } from "../../http/row_versions.ts";
import type { ClinicDb } from "../../tenancy/clinic_db.ts";
import {
  findResource,
  insertResource,
  type ResourceColumns,
  type ResourceRow,
  updateResource,
} from "./queries.ts";
import type { Resource, ResourcePatch } from "./schemas.ts";

export const NOUN = "room or machine";

export async function addResource(
  clinic: ClinicDb,
  id: string,
  members: ResourcePatch,
): Promise<ResourceRow> {
  return await clinic.write(async (tx) => {
    const row = await insertResource(tx, id, toColumns(members));
    return tx.audit({
      action: "resource.create",
      entityId: id,
      changedFields: Object.keys(members).sort(),
    }, row);
  });
}

export async function changeResource(
  clinic: ClinicDb,
  id: string,
  condition: VersionCondition,
  patch: ResourcePatch,
): Promise<ResourceRow> {
  const changedFields = Object.keys(patch).sort();
  return await changeRow(
    clinic,
    condition,
    { action: "resource.change", entityId: id, changedFields },
    {
      noun: NOUN,
      find: (tx) => findResource(tx, id),
      update: (tx) => updateResource(tx, id, condition, toColumns(patch)),
    },
    () => changedFields.length > 0,
  );
}

function toColumns(members: ResourcePatch): ResourceColumns {
  return {
    name: members.name,
    kind: members.kind,
    active: members.active,
  };
}

/** Member by member: a new column never leaks. */
export function toResource(row: ResourceRow): Resource {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    active: row.active,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
