import { requireIfMatch } from "../../../http/etag.ts";
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
import { SHOWN_INVOICE } from "../invoices/files.ts";
import { answerDocuments } from "../lists.ts";
import { convertQuote } from "./convert.ts";
import * as declared from "./declarations.ts";
import { SHOWN_QUOTE, toQuoteSummary } from "./files.ts";

export const quotes = clinicRouter();

quotes.openapi(declared.createQuote, async (c) => {
  const { patientId, validDays = 90, ...rest } = c.req.valid("json");
  const { clinic, vault } = c.var;
  const origin = { kind: "quote", patientId } as const;
  const file = await createDraft(clinic, vault, origin, { ...rest, validDays });
  return c.json(showCreated(c, SHOWN_QUOTE, file), 201);
});

quotes.openapi(declared.listQuotes, async (c) => {
  const query = c.req.valid("query");
  const page = await answerDocuments(c, "quote", query, toQuoteSummary);
  return c.json(page, 200);
});

quotes.openapi(declared.getQuote, async (c) => {
  const { id } = c.req.valid("param");
  const quote = await showRead(c, SHOWN_QUOTE, id);
  return quote ? c.json(quote, 200) : c.body(null, 304);
});

quotes.openapi(declared.changeQuote, async (c) => {
  const { id } = c.req.valid("param");
  const patch = c.req.valid("json");
  return c.json(await showChanged(c, SHOWN_QUOTE, id, patch), 200);
});

quotes.openapi(declared.deleteQuote, async (c) => {
  await removeDraft(c, SHOWN_QUOTE, c.req.valid("param").id);
  return c.body(null, 204);
});

quotes.openapi(declared.sendQuote, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(
    await showMoved(c, SHOWN_QUOTE, id, "sent", "document.issue"),
    200,
  );
});

quotes.openapi(declared.acceptQuote, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(
    await showMoved(c, SHOWN_QUOTE, id, "accepted", "document.accept"),
    200,
  );
});

quotes.openapi(declared.rejectQuote, async (c) => {
  const { id } = c.req.valid("param");
  return c.json(
    await showMoved(c, SHOWN_QUOTE, id, "rejected", "document.reject"),
    200,
  );
});

quotes.openapi(declared.convertQuote, async (c) => {
  const { id } = c.req.valid("param");
  const condition = requireIfMatch(c.req.header("if-match"));
  const { clinic, vault } = c.var;
  const file = await convertQuote(clinic, vault, id, condition);
  return c.json(showCreated(c, SHOWN_INVOICE, file), 201);
});

quotes.openapi(declared.duplicateQuote, async (c) => {
  const { id } = c.req.valid("param");
  const { clinic, vault } = c.var;
  const file = await duplicateDocument(clinic, vault, "quote", id);
  return c.json(showCreated(c, SHOWN_QUOTE, file), 201);
});
