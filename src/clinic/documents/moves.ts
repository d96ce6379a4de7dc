import { DatabaseError } from "../../db/errors.ts";
import { requireVersion, type VersionCondition } from "../../http/etag.ts";
import { noSuch } from "../../http/row_versions.ts";
import type { AuditAction } from "../../kernel/audit_event.ts";
import { AppError } from "../../kernel/errors.ts";
import { requireTransition } from "../../kernel/transitions.ts";
import type { ClinicDb, WriteTx } from "../../tenancy/clinic_db.ts";
import type { DocumentFile } from "./files.ts";
import { findLines } from "./line_queries.ts";
import {
  type DocumentRow,
  findDocument,
  lockDocument,
  updateState,
} from "./queries.ts";
import {
  type DocumentKind,
  type DocumentState,
  NOUNS,
  TRANSITIONS,
} from "./states.ts";

/** Takes a document to another state; number, day and parties come with the issue, in the schema. */
export async function moveDocument(
  clinic: ClinicDb,
  kind: DocumentKind,
  id: string,
  condition: VersionCondition,
  to: DocumentState,
  action: AuditAction,
): Promise<DocumentFile> {
  try {
    return await clinic.write(async (tx) => {
      const present = await lockForMove(tx, kind, id, condition, to);
      const row = await updateState(tx, id, to);
      const file = { row, lines: await findLines(tx, id) };
      const patientId = present.patient_id;
      return tx.audit({ action, entityId: id, patientId }, file);
    });
  } catch (error) {
    throw await namedError(error, clinic, kind, id);
  }
}

/** @throws {AppError} `not-found`, `precondition-failed`, `invalid-transition` */
export async function lockForMove(
  tx: WriteTx,
  kind: DocumentKind,
  id: string,
  condition: VersionCondition,
  to: DocumentState,
): Promise<DocumentRow> {
  const row = await lockDocument(tx, kind, id);
  if (!row) throw noSuch(NOUNS[kind]);
  requireVersion(row.version, condition);
  requireTransition(TRANSITIONS[kind], row.state, to);
  return row;
}

const CONFLICTS: Readonly<Record<string, string>> = {
  documents_empty: "A document without lines is not issued",
  documents_totals: "The totals are not those of the lines",
  quotes_validity:
    "The quote would end before the patient could accept it: give it more days",
};

/** Gives the name of a broken rule to the client; the rules themselves stand in the schema. */
async function namedError(
  error: unknown,
  clinic: ClinicDb,
  kind: DocumentKind,
  id: string,
): Promise<unknown> {
  if (!(error instanceof DatabaseError)) return error;
  const { constraint = "" } = error;
  const conflict = CONFLICTS[constraint];
  if (conflict) return new AppError("conflict", conflict, { cause: error });
  switch (constraint) {
    case "documents_billing_identity":
      return new AppError(
        "billing-identity-missing",
        "The clinic's settings lack its legal name, SIRET or address, or its VAT number where VAT is billed",
        { cause: error },
      );
    case "quotes_reflection": {
      const row = await clinic.read((tx) => findDocument(tx, kind, id));
      return new AppError(
        "reflection-period",
        "The patient still has time to think the quote over",
        {
          cause: error,
          extensions: { acceptableFrom: row?.acceptable_from },
        },
      );
    }
    case "credit_notes_exceed_remaining":
    case "credit_notes_exceed_rate":
      return await creditExceeds(error, clinic, id);
    default:
      return error;
  }
}

async function creditExceeds(
  cause: DatabaseError,
  clinic: ClinicDb,
  id: string,
): Promise<AppError> {
  const invoice = await clinic.read(async (tx) => {
    const note = await findDocument(tx, "credit_note", id);
    return await findDocument(tx, "invoice", note?.source_id ?? id);
  });
  const mostCents = (invoice?.total_cents ?? 0) -
    (invoice?.credited_cents ?? 0);
  const detail = cause.constraint === "credit_notes_exceed_rate"
    ? "More than what remains of the invoice at one VAT rate"
    : "More than what remains of the invoice";
  return new AppError("credit-exceeds-remaining", detail, {
    cause,
    extensions: { mostCents },
  });
}
