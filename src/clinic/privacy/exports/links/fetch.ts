import { requireOpen } from "../../../../http/guard.ts";
import { invalidLink, parseLinkToken } from "../../../../http/link_token.ts";
import type { RequestOrigin } from "../../../../kernel/audit_event.ts";
import type { PatientId } from "../../../../kernel/ids.ts";
import type { ClinicGate } from "../../../../tenancy/clinic_gate.ts";
import { chunkPlace } from "../rules.ts";
import { findChunk, findLink, useLink } from "./queries.ts";

/** An archive that somebody may have, because they had a link that was good. */
export interface FetchedArchive {
  readonly sizeBytes: number;
  /** RFC 3339; when it was made. */
  readonly madeAt: string;
  /** Piece by piece. @throws {Error} when the archive is gone meanwhile */
  pieces(): AsyncGenerator<Uint8Array>;
}

/**
 * Uses a link up, and opens the archive that it leads to. Of many at once, one gets it.
 * @throws {AppError} `invalid-link`, the same whatever is wrong with it
 */
export async function fetchArchive(
  gate: ClinicGate,
  token: string,
  origin: RequestOrigin,
): Promise<FetchedArchive> {
  const { clinicId, hash } = parseLinkToken(token);
  const clinic = await gate.findById(clinicId);
  const link = clinic && await gate.read(clinic, (tx) => findLink(tx, hash));
  if (!clinic || !link) throw invalidLink();
  requireOpen(clinic);
  const { export_id: id, patient_id: patientId } = link;
  const patient = {
    clinicId: clinic.id,
    staffId: patientId as PatientId,
    sessionId: null,
    role: "patient",
  } as const;
  await gate.enter(clinic, patient, origin).write(async (tx) => {
    if (!await useLink(tx, hash)) throw invalidLink();
    return tx.audit(
      { action: "export.fetch", entityId: id, patientId },
      undefined,
    );
  });
  return {
    sizeBytes: link.size_bytes,
    madeAt: link.made_at,
    async *pieces() {
      for (let number = 0, sent = 0; sent < link.size_bytes; number++) {
        // Looked up anew: a download may take long.
        const now = await gate.findById(clinicId);
        const chunk = now &&
          await gate.read(now, (tx) => findChunk(tx, id, number));
        if (!chunk) throw new Error("Cannot send archive: it is gone");
        const { id: row, content_sealed: sealed } = chunk;
        const bytes = now.vault.openBytes(chunkPlace(row), sealed);
        sent += bytes.length;
        yield bytes;
      }
    },
  };
}
