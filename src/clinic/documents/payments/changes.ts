import { DatabaseError } from "../../../db/errors.ts";
import { noSuch } from "../../../http/row_versions.ts";
import { AppError } from "../../../kernel/errors.ts";
import { uuidv7 } from "../../../kernel/ids.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import { dueCents } from "../invoices/files.ts";
import { findDocument } from "../queries.ts";
import { insertPayment, type PaymentRow } from "./queries.ts";
import type { PaymentCreate } from "./schemas.ts";

/** Records a payment; what may be paid is decided by the schema, behind the invoice's lock. */
export async function createPayment(
  clinic: ClinicDb,
  invoiceId: string,
  members: PaymentCreate,
): Promise<PaymentRow> {
  const id = uuidv7();
  try {
    return await clinic.write(async (tx) => {
      const invoice = await findDocument(tx, "invoice", invoiceId);
      if (!invoice) throw noSuch("invoice");
      const row = await insertPayment(tx, id, invoiceId, members);
      return tx.audit({
        action: "payment.create",
        entityId: id,
        patientId: invoice.patient_id,
        changedFields: Object.keys(members).sort(),
      }, row);
    });
  } catch (error) {
    throw await namedError(error, clinic, invoiceId);
  }
}

/** Gives the name of a broken rule to the client; the rules themselves stand in the schema. */
async function namedError(
  error: unknown,
  clinic: ClinicDb,
  invoiceId: string,
): Promise<unknown> {
  if (!(error instanceof DatabaseError)) return error;
  switch (error.constraint) {
    case "payments_draft":
      return new AppError("conflict", "A draft is not paid: issue it first", {
        cause: error,
      });
    case "payments_future":
      return new AppError("conflict", "The day of the payment is to come", {
        cause: error,
      });
    case "payments_exceed_due":
    case "refunds_exceed_paid": {
      const row = await clinic.read((tx) =>
        findDocument(tx, "invoice", invoiceId)
      );
      const isRefund = error.constraint === "refunds_exceed_paid";
      return new AppError(
        "payment-exceeds-due",
        isRefund ? "More than what was paid" : "More than what is due",
        {
          cause: error,
          extensions: {
            mostCents: row ? isRefund ? row.paid_cents : dueCents(row) : 0,
          },
        },
      );
    }
    default:
      return error;
  }
}
