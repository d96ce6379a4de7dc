import { clinicRouter } from "../../../http/router.ts";
import {
  removeDraft,
  showChanged,
  showCreated,
  showMoved,
  showRead,
} from "../answers.ts";
import { answerDocuments } from "../lists.ts";
import { createCreditNote } from "./create.ts";
import * as declared from "./declarations.ts";
import { SHOWN_CREDIT_NOTE, toCreditNoteSummary } from "./files.ts";

export const creditNotes = clinicRouter();

creditNotes.openapi(declared.createCreditNote, async (c) => {
  const { clinic, vault } = c.var;
  const file = await createCreditNote(clinic, vault, c.req.valid("json"));
  return c.json(showCreated(c, SHOWN_CREDIT_NOTE, file), 201);
});

creditNotes.openapi(declared.listCreditNotes, async (c) => {
  const { invoiceId: sourceId, ...query } = c.req.valid("query");
  const page = await answerDocuments(
    c,
    "credit_note",
    { ...query, sourceId },
    toCreditNoteSummary,
  );
  return c.json(page, 200);
});

creditNotes.openapi(declared.getCreditNote, async (c) => {
  const { id } = c.req.valid("param");
  const note = await showRead(c, SHOWN_CREDIT_NOTE, id);
  return note ? c.json(note, 200) : c.body(null, 304);
});

creditNotes.openapi(declared.changeCreditNote, async (c) => {
  const { id } = c.req.valid("param");
  const patch = c.req.valid("json");
  return c.json(await showChanged(c, SHOWN_CREDIT_NOTE, id, patch), 200);
});

creditNotes.openapi(declared.deleteCreditNote, async (c) => {
  await removeDraft(c, SHOWN_CREDIT_NOTE, c.req.valid("param").id);
  return c.body(null, 204);
});

creditNotes.openapi(declared.issueCreditNote, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(
    await showMoved(c, SHOWN_CREDIT_NOTE, id, "issued", "document.issue"),
    200,
  );
});
