import { newClinicToken } from "../../../../crypto/clinic_token.ts";
import type { ClinicInfo } from "../../../../http/env.ts";
import { noSuch } from "../../../../http/row_versions.ts";
import { AppError } from "../../../../kernel/errors.ts";
import type { Addressee } from "../../../../mail/letters.ts";
import type { ClinicDb, ReadTx } from "../../../../tenancy/clinic_db.ts";
import { lockExport, voidLinks } from "../queries.ts";
import {
  countLinks,
  findAddressee,
  hasArchive,
  insertLink,
} from "./queries.ts";
import type { ExportLink, ExportLinkCreate } from "./schemas.ts";

const DEFAULT_HOURS = 48;
/** Of one export, over all its time. */
const MAX_LINKS = 20;

export interface SentExportLink {
  readonly link: ExportLink;
  readonly token: string;
  /** Whom to mail it to; absent when it is handed over. */
  readonly to?: Addressee;
}

/** @throws {AppError} `not-found`; `conflict` when there is no archive, or nobody to mail to, or were too many links */
export async function sendLink(
  db: ClinicDb,
  clinic: ClinicInfo,
  id: string,
  { delivery, hours = DEFAULT_HOURS }: ExportLinkCreate,
): Promise<SentExportLink> {
  const { token, hash } = newClinicToken(clinic.id);
  return await db.write(async (tx) => {
    const row = await lockExport(tx, id);
    if (!row) throw noSuch("export");
    if (!await hasArchive(tx, id)) {
      throw new AppError(
        "conflict",
        `There is no archive to fetch: the export is ${row.state}`,
      );
    }
    if (await countLinks(tx, id) >= MAX_LINKS) {
      throw new AppError("conflict", "Too many links were sent");
    }
    const patientId = row.patient_id;
    const to = delivery === "mail"
      ? await addresseeOf(tx, clinic, patientId)
      : undefined;
    await voidLinks(tx, id);
    const expiresAt = await insertLink(tx, { hash, exportId: id, hours });
    const link = {
      delivery,
      email: to?.email ?? null,
      token: delivery === "hand" ? token : null,
      expiresAt,
    };
    return tx.audit(
      { action: "export.send-link", entityId: id, patientId },
      { link, token, ...(to ? { to } : {}) },
    );
  });
}

/** @throws {AppError} `conflict` when the file has no e-mail address */
async function addresseeOf(
  tx: ReadTx,
  clinic: ClinicInfo,
  patientId: string,
): Promise<Addressee> {
  const { email = null, given_names: givenNames = "" } =
    await findAddressee(tx, patientId) ?? {};
  if (email === null) {
    throw new AppError(
      "conflict",
      "The patient's file has no e-mail address: add one, or hand the link over",
    );
  }
  return { email, givenNames, clinicName: clinic.name };
}
