import { cursorBinding } from "../../../http/cursor.ts";
import { clinicRouter } from "../../../http/router.ts";
import { noSuch } from "../../../http/row_versions.ts";
import { answerPage } from "../../../http/sorted_list.ts";
import { requireReadableFile } from "../../../tenancy/file_access.ts";
import { findDocument } from "../queries.ts";
import { createPayment } from "./changes.ts";
import * as declared from "./declarations.ts";
import { findPayment, listJournal, listPayments } from "./queries.ts";
import { toPayment } from "./rules.ts";

export const payments = clinicRouter();

payments.openapi(declared.createPayment, async (c) => {
  const { id } = c.req.valid("param");
  const row = await createPayment(c.var.clinic, id, c.req.valid("json"));
  c.header("location", `/v1/invoices/${id}/payments/${row.id}`);
  return c.json(toPayment(row), 201);
});

payments.openapi(declared.listPayments, async (c) => {
  const { id } = c.req.valid("param");
  const { sort = "-createdAt", ...page } = c.req.valid("query");
  const { clinic, actor } = c.var;
  const invoice = await clinic.read((tx) => findDocument(tx, "invoice", id));
  if (!invoice) throw noSuch("invoice");
  const { patient_id: patientId } = invoice;
  await clinic.read((tx) => requireReadableFile(tx, actor, patientId));
  const event = {
    action: "payment.list",
    entityId: id,
    patientId,
  } as const;
  const result = await answerPage(
    c,
    cursorBinding("listPayments", { id, sort }),
    page,
    (window) =>
      clinic.readAs(event, (tx) => listPayments(tx, id, sort, window)),
    toPayment,
  );
  return c.json(result, 200);
});

payments.openapi(declared.getPayment, async (c) => {
  const { id, paymentId } = c.req.valid("param");
  const { clinic, actor } = c.var;
  const invoice = await clinic.read((tx) => findDocument(tx, "invoice", id));
  if (!invoice) throw noSuch("payment");
  const { patient_id: patientId } = invoice;
  const event = {
    action: "payment.view",
    entityId: paymentId,
    patientId,
  } as const;
  const row = await clinic.readAs(event, async (tx) => {
    await requireReadableFile(tx, actor, patientId);
    const found = await findPayment(tx, id, paymentId);
    if (!found) throw noSuch("payment");
    return found;
  });
  return c.json(toPayment(row), 200);
});

payments.openapi(declared.listJournal, async (c) => {
  const { sort = "-createdAt", limit, cursor, ...filter } = c.req.valid(
    "query",
  );
  const result = await answerPage(
    c,
    cursorBinding("listJournal", { ...filter, sort }),
    { limit, cursor },
    (window) =>
      c.var.clinic.readAs(
        { action: "payment.list" },
        (tx) => listJournal(tx, filter, sort, window),
      ),
    toPayment,
  );
  return c.json(result, 200);
});
