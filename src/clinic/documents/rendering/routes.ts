import type { Context } from "hono";
import type { ClinicEnv } from "../../../http/env.ts";
import { clinicRouter } from "../../../http/router.ts";
import { readFile } from "../files.ts";
import type { DocumentKind } from "../states.ts";
import * as declared from "./declarations.ts";
import { printLocale } from "./locale.ts";
import { printDocument } from "./print.ts";
import { toPrintable } from "./printable.ts";
import type { PrintLocale } from "./texts.ts";

export const prints = clinicRouter();

prints.openapi(declared.getQuotePdf, async (c) => {
  const { id } = c.req.valid("param");
  return await answerPrint(c, "quote", id, c.req.valid("query").locale);
});

prints.openapi(declared.getInvoicePdf, async (c) => {
  const { id } = c.req.valid("param");
  return await answerPrint(c, "invoice", id, c.req.valid("query").locale);
});

prints.openapi(declared.getCreditNotePdf, async (c) => {
  const { id } = c.req.valid("param");
  return await answerPrint(c, "credit_note", id, c.req.valid("query").locale);
});

async function answerPrint(
  c: Context<ClinicEnv>,
  kind: DocumentKind,
  id: string,
  asked: PrintLocale | undefined,
): Promise<Response> {
  const { clinic, vault, actor } = c.var;
  const file = await readFile(clinic, actor, kind, id, "document.render");
  const printable = toPrintable(vault, file);
  const locale = printLocale(asked, c.req.header("accept-language"));
  const bytes = await printDocument(printable, locale);
  return c.body(bytes, 200, {
    "content-type": "application/pdf",
    "content-disposition": `inline; filename="${printable.number}.pdf"`,
    "content-language": locale,
  });
}
