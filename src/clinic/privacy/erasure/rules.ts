import { createHash } from "node:crypto";
import { matchesStrongTag } from "../../../http/etag.ts";
import type { PlannedCategory } from "../../../tenancy/erasure/erase_person.ts";
import { type GroundCode, GROUNDS } from "./grounds.ts";
import type { ErasureRow, PersonRow } from "./queries.ts";
import type { Erasure, ErasurePlan } from "./schemas.ts";

export function toPlan(
  { main_id, file_ids, held, restricted }: PersonRow,
  planned: readonly PlannedCategory[],
): ErasurePlan {
  const ends = planned.flatMap(({ ends_on }) => ends_on ?? []).sort();
  return {
    patientId: main_id,
    fileIds: [...file_ids],
    legalHold: held,
    restricted,
    categories: planned.map(({ ends_on, ...category }) =>
      toCategory({ ...category, endsOn: ends_on })
    ),
    keptUntil: ends.at(-1) ?? null,
  };
}

/** A strong entity tag: another plan has another one. */
export function planTag(plan: ErasurePlan): string {
  const digest = createHash("sha256").update(JSON.stringify(plan));
  return `"${digest.digest("hex")}"`;
}

/** Whether `If-Match` names the plan. */
export function matchesPlan(header: string, plan: ErasurePlan): boolean {
  return matchesStrongTag(header, planTag(plan));
}

/** Member by member: a new column never leaks. */
export function toErasure(row: ErasureRow): Erasure {
  return {
    id: row.id,
    patientId: row.patient_id,
    fileIds: [...row.file_ids],
    erasedAt: row.erased_at,
    erasedBy: row.erased_by,
    replayedAt: row.replayed_at,
    categories: row.categories.map(toCategory),
    keptUntil: row.kept_until,
  };
}

function toCategory(
  { category, action, ground, count, endsOn }: ErasureRow["categories"][number],
): Erasure["categories"][number] {
  const code = ground as GroundCode;
  return { category, action, ground: code, law: GROUNDS[code], count, endsOn };
}
