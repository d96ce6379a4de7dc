import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import { noSuch } from "../../../http/row_versions.ts";
import type { StaffActor } from "../../../kernel/actor.ts";
import { AppError } from "../../../kernel/errors.ts";
import { uuidv7 } from "../../../kernel/ids.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import { processingRestricted } from "../../../tenancy/clinic_errors.ts";
import {
  lockPerson,
  readPlan,
  sealArchive,
} from "../../../tenancy/erasure/erase_person.ts";
import {
  erase,
  type ErasureRow,
  findErasureOf,
  findPerson,
} from "./queries.ts";
import { matchesPlan, toPlan } from "./rules.ts";

/** Who erases, where. */
export interface ErasureScope {
  readonly clinic: ClinicDb;
  readonly vault: ClinicVault;
  readonly actor: StaffActor;
}

/**
 * Erases the person whose file it is, in one transaction; of somebody who was erased, there is the certificate already.
 * @param ifMatch names the plan that was read
 * @throws {AppError} `not-found`, `legal-hold`, `processing-restricted`, `precondition-failed`
 */
export async function erasePerson(
  { clinic, vault, actor }: ErasureScope,
  fileId: string,
  ifMatch: string,
): Promise<ErasureRow> {
  return await clinic.write(async (tx) => {
    // From here on nothing of what was planned changes.
    await lockPerson(tx, fileId);
    const done = await findErasureOf(tx, fileId);
    if (done) {
      return tx.audit({
        action: "erasure.view",
        entityId: done.id,
        patientId: fileId,
      }, done);
    }
    const person = await findPerson(tx, fileId);
    if (!person) throw noSuch("patient");
    if (person.held) throw underHold();
    if (person.restricted) throw processingRestricted();
    const { main_id, file_ids } = person;
    const planned = await readPlan(tx, file_ids);
    if (!matchesPlan(ifMatch, toPlan(person, planned))) throw anotherPlan();
    const id = uuidv7();
    const archive = await sealArchive(tx, vault, id, file_ids, planned);
    const row = await erase(tx, {
      id,
      fileId: main_id,
      staffId: actor.staffId,
      archive,
    });
    // A line, and with it an entry of the ledger, for each file.
    const [audited] = file_ids.map((patientId) =>
      tx.audit({ action: "patient.erase", entityId: id, patientId }, row)
    );
    return audited!;
  });
}

function underHold(): AppError {
  return new AppError("legal-hold", "The file is under a legal hold");
}

function anotherPlan(): AppError {
  return new AppError(
    "precondition-failed",
    "What would be erased is not what the plan said: read it again",
  );
}
