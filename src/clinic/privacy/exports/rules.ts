import { randomBytes } from "node:crypto";
import type { SealedPlace } from "../../../crypto/clinic_vault.ts";
import type { Transitions } from "../../../kernel/transitions.ts";
import type { ExportRow } from "./queries.ts";
import type { ExportState, PatientExport } from "./schemas.ts";

export const TRANSITIONS: Transitions<ExportState> = {
  waiting: ["running", "cancelled"],
  running: ["waiting", "ready", "failed", "cancelled"],
  ready: ["fetched", "expired", "cancelled"],
  fetched: ["cancelled"],
  failed: [],
  cancelled: [],
  expired: [],
};

/** Crockford's digits: none looks like another. */
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUPS = 6;
const GROUP_DIGITS = 5;

/** 150 random bits: a ZIP's key derivation (1,000 rounds) would not save a passphrase that somebody could think of. */
export function newPassphrase(): string {
  const digits = [...randomBytes(GROUPS * GROUP_DIGITS)]
    .map((byte) => DIGITS[byte % DIGITS.length]!);
  return Array.from(
    { length: GROUPS },
    (_, group) =>
      digits.slice(group * GROUP_DIGITS, (group + 1) * GROUP_DIGITS).join(""),
  ).join("-");
}

export function passphrasePlace(row: string): SealedPlace {
  return { table: "patient_exports", column: "passphrase_sealed", row };
}

export function chunkPlace(row: string): SealedPlace {
  return { table: "patient_export_chunks", column: "content_sealed", row };
}

/** Member by member: a new column never leaks. */
export function toExport(row: ExportRow): PatientExport {
  return {
    id: row.id,
    patientId: row.patient_id,
    requestedBy: row.requested_by,
    state: row.state,
    failure: row.failure,
    sizeBytes: row.size_bytes,
    archiveHash: row.archive_hash && row.archive_hash.toHex(),
    madeAt: row.made_at,
    fetchedAt: row.fetched_at,
    expiresAt: row.expires_at,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
