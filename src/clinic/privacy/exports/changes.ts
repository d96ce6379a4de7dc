import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import type { VersionCondition } from "../../../http/etag.ts";
import type { UseUp } from "../../../http/reauthentication.ts";
import { noSuch, requireRow } from "../../../http/row_versions.ts";
import type { StaffActor } from "../../../kernel/actor.ts";
import type { RequestOrigin } from "../../../kernel/audit_event.ts";
import { AppError } from "../../../kernel/errors.ts";
import { uuidv7 } from "../../../kernel/ids.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import {
  cancel,
  findExport,
  findFile,
  insertExport,
  lockExport,
} from "./queries.ts";
import {
  newPassphrase,
  passphrasePlace,
  toExport,
  TRANSITIONS,
} from "./rules.ts";
import type { RequestedExport } from "./schemas.ts";

const DEFAULT_DAYS = 7;

export interface ExportAuthor {
  readonly db: ClinicDb;
  readonly vault: ClinicVault;
  readonly actor: StaffActor;
  readonly origin: RequestOrigin;
}

/** @throws {AppError} `not-found`; `conflict` when one is under way, or the file is part of another */
export async function request(
  { db, vault, actor, origin }: ExportAuthor,
  patientId: string,
  days: number | undefined,
  useUp: UseUp,
): Promise<RequestedExport> {
  const id = uuidv7();
  const passphrase = newPassphrase();
  return await db.write(async (tx) => {
    requireWholeFile(await findFile(tx, patientId));
    await useUp(tx);
    const inserted = await insertExport(tx, {
      id,
      patientId,
      requestedBy: actor.staffId,
      requestId: origin.requestId,
      days: days ?? DEFAULT_DAYS,
      passphraseSealed: vault.sealText(passphrasePlace(id), passphrase),
    });
    if (!inserted) {
      throw new AppError(
        "conflict",
        "An export of this file is being made: wait for it, or take it back",
      );
    }
    const row = await findExport(tx, id);
    return tx.audit(
      { action: "export.request", entityId: id, patientId },
      { ...toExport(row!), passphrase },
    );
  });
}

function requireWholeFile(
  file: { readonly merged_into: string | null } | undefined,
): void {
  if (!file) throw noSuch("patient");
  if (file.merged_into === null) return;
  throw new AppError(
    "conflict",
    "This file is part of another one, which is exported as a whole: use that one",
  );
}

/** @throws {AppError} `not-found`, `precondition-failed`; `conflict` when it is over */
export async function takeBack(
  db: ClinicDb,
  id: string,
  condition: VersionCondition,
): Promise<void> {
  await db.write(async (tx) => {
    const { state, patient_id: patientId } = await requireRow(tx, condition, {
      noun: "export",
      find: () => lockExport(tx, id),
    });
    if (!TRANSITIONS[state].includes("cancelled")) {
      throw new AppError("conflict", `The export is ${state}`);
    }
    await cancel(tx, id);
    return tx.audit(
      { action: "export.cancel", entityId: id, patientId },
      undefined,
    );
  });
}
