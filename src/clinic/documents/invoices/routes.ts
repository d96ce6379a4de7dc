import { clinicRouter } from "../../../http/router.ts";
import {
  removeDraft,
  showChanged,
  showCreated,
  showMoved,
  showRead,
} from "../answers.ts";
import { createDraft } from "../drafts.ts";
import { duplicateDocument } from "../duplicate.ts";
import { answerDocuments } from "../lists.ts";
import * as declared from "./declarations.ts";
import { SHOWN_INVOICE, toInvoiceSummary } from "./files.ts";

export const invoices = clinicRouter();

invoices.openapi(declared.createInvoice, async (c) => {
  const { patientId, dueDays = 0, ...rest } = c.req.valid("json");
  const { clinic, vault } = c.var;
  const origin = { kind: "invoice", patientId } as const;
  const file = await createDraft(clinic, vault, origin, { ...rest, dueDays });
  return c.json(showCreated(c, SHOWN_INVOICE, file), 201);
});

invoices.openapi(declared.listInvoices, async (c) => {
  const query = c.req.valid("query");
  const page = await answerDocuments(c, "invoice", query, toInvoiceSummary);
  return c.json(page, 200);
});

invoices.openapi(declared.getInvoice, async (c) => {
  const { id } = c.req.valid("param");
  const invoice = await showRead(c, SHOWN_INVOICE, id);
  return invoice ? c.json(invoice, 200) : c.body(null, 304);
});

invoices.openapi(declared.changeInvoice, async (c) => {
  const { id } = c.req.valid("param");
  const patch = c.req.valid("json");
  return c.json(await showChanged(c, SHOWN_INVOICE, id, patch), 200);
});

invoices.openapi(declared.deleteInvoice, async (c) => {
  await removeDraft(c, SHOWN_INVOICE, c.req.valid("param").id);
  return c.body(null, 204);
});

invoices.openapi(declared.issueInvoice, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(
    await showMoved(c, SHOWN_INVOICE, id, "issued", "document.issue"),
    200,
  );
});

invoices.openapi(declared.duplicateInvoice, async (c) => {
  const { id } = c.req.valid("param");
  const { clinic, vault } = c.var;
  const file = await duplicateDocument(clinic, vault, "invoice", id);
  return c.json(showCreated(c, SHOWN_INVOICE, file), 201);
});
