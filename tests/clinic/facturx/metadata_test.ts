import { deepEqual, match } from "node:assert/strict";
import { printDocument } from "../../../src/clinic/documents/rendering/print.ts";
import { readPdf } from "../../support/pdf_text.ts";
import { xmlFields } from "../../support/xml_fields.ts";
import { WHOLE } from "./sample.ts";

Deno.test("Factur-X: what a clinic is called does not break the metadata, which are XML", async () => {
  const name = 'Clinique A & B <Sud> "Sans ]]> peur"';
  const seller = { ...WHOLE.seller, name };
  const { streams, text } = await readPdf(
    await printDocument({ ...WHOLE, seller }, "fr"),
  );
  const metadata = new TextDecoder().decode(
    streams.find(({ dictionary }) => dictionary.includes("/Metadata"))!.bytes,
  );
  const texts = (last: string) =>
    xmlFields(metadata).filter(([path]) => path.endsWith(last))
      .map(([, text]) => text);
  deepEqual(texts("creator/Seq/li"), [name]);
  deepEqual(texts("title/Alt/li"), ["Facture FA-2026-0042"]);
  match(text, /CliniqueA&B<Sud>/);
});
