import type { ClinicVault, SealedPlace } from "../../crypto/clinic_vault.ts";
import type { Transitions } from "../../kernel/transitions.ts";
import type { EmergencyAccessRow, MemberRow } from "./queries.ts";
import type { CareTeamMember, EmergencyAccess } from "./schemas.ts";

type MemberState = "active" | "former";

export const TRANSITIONS: Transitions<MemberState> = {
  active: ["former"],
  former: [],
};

export function stateOf(row: MemberRow): MemberState {
  return row.removed_at === null ? "active" : "former";
}

/** Member by member: a new column never leaks. */
export function toMember(vault: ClinicVault, row: MemberRow): CareTeamMember {
  const { id, reason_sealed: reason, removal_reason_sealed: removal } = row;
  return {
    id,
    patientId: row.patient_id,
    staffId: row.staff_id,
    staffName: row.staff_name,
    reason: reason && vault.openText(reasonPlace(id), reason),
    addedBy: row.added_by,
    removedAt: row.removed_at,
    removedBy: row.removed_by,
    removalReason: removal && vault.openText(removalPlace(id), removal),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function toEmergencyAccess(
  vault: ClinicVault,
  row: EmergencyAccessRow,
): EmergencyAccess {
  return {
    id: row.id,
    patientId: row.patient_id,
    staffId: row.staff_id,
    staffName: row.staff_name,
    reason: vault.openText(emergencyPlace(row.id), row.reason_sealed),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

export function reasonPlace(id: string): SealedPlace {
  return { table: "care_team", column: "reason_sealed", row: id };
}

export function removalPlace(id: string): SealedPlace {
  return { table: "care_team", column: "removal_reason_sealed", row: id };
}

export function emergencyPlace(id: string): SealedPlace {
  return { table: "emergency_accesses", column: "reason_sealed", row: id };
}
