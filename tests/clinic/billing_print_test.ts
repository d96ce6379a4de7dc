import { deepEqual, equal, match, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { assertProblem, type Json } from "../support/client.ts";
import { BillingWorld, CONSULTATION, INJECTION } from "../support/billing.ts";
import { inClinic } from "../support/sql.ts";
import { type PdfContent, readPdf } from "../support/pdf_text.ts";
import { xmlFields } from "../support/xml_fields.ts";

let billing: BillingWorld;

Deno.test.beforeAll(async () => {
  billing = await BillingWorld.open();
});

Deno.test.afterAll(async () => {
  await billing[Symbol.asyncDispose]();
});

const MEMBERS = {
  lines: [
    CONSULTATION,
    {
      ...INJECTION,
      description: "Injection <A & B> 日",
      quantity: "1.5",
      discount: { kind: "percent", basisPoints: 1_000 },
    },
    {
      description: "Livret",
      unitPriceCents: 1_234,
      vatCategory: "standard",
      vatRateBasisPoints: 550,
      discount: { kind: "amount", cents: 34 },
    },
  ],
  discount: { kind: "amount", cents: 5_001 },
  note: "Merci.",
  deliveredOn: "2026-01-02",
};

async function print(
  path: string,
  headers: Record<string, string> = {},
  { world, admin } = billing,
): Promise<{ response: Response; bytes: Uint8Array; pdf: PdfContent }> {
  const response = await fetch(world.url + path, {
    headers: { authorization: `Bearer ${admin.token}`, ...headers },
  });
  const bytes = await response.bytes();
  equal(response.status, 200, new TextDecoder().decode(bytes));
  return { response, bytes, pdf: await readPdf(bytes) };
}

function xmlIn({ streams }: PdfContent): string {
  const file = streams.find(({ dictionary }) =>
    dictionary.includes("/EmbeddedFile")
  );
  return new TextDecoder().decode(file!.bytes);
}

/** Text as it is found in a print: white space and its kinds do not count. */
function contains({ text }: PdfContent, wanted: readonly string[]): void {
  for (const each of wanted) {
    ok(text.includes(each.replace(/\s/g, "")), `${each} is not in ${text}`);
  }
}

Deno.test("billing print: an invoice in French has every mention of the law, the same bytes every time", async () => {
  const invoice = await billing.invoice({ ...MEMBERS, dueDays: 30 });
  const path = `/v1/invoices/${invoice.id}/pdf`;
  const { response, bytes, pdf } = await print(path);
  equal(response.headers.get("content-type"), "application/pdf");
  equal(response.headers.get("content-language"), "fr");
  equal(
    response.headers.get("content-disposition"),
    `inline; filename="${invoice.number}.pdf"`,
  );
  match(response.headers.get("cache-control") ?? "", /no-store/);
  contains(pdf, [
    `Facture ${invoice.number}`,
    "Date d’émission :",
    "Date de la prestation : 2 janvier 2026",
    "Date d’échéance :",
    "SELARL Clinique des Lilas",
    "Société d’exercice libéral au capital de 10 000,00 €",
    "RCS Paris 732 829 320",
    "Membre d’une association agréée.",
    "01 55 44 33 22",
    "12 rue des Lilas",
    "75011 Paris",
    "SIRET 732 829 320 00074",
    "N° TVA FR44732829320",
    "Éloïse D’Ormesson",
    "3 quai de Saône",
    "69002 Lyon",
    "Injection <A & B> ?", // the font has no such character
    "1,5",
    "250,00 €",
    "−10 %",
    "exonéré",
    "Total des lignes HT 409,50 €",
    "Remise −50,01 €",
    "Total HT 359,49 €",
    "TVA 5,5 % sur",
    "TVA 20 % sur",
    "Net à payer TTC",
    "article 261-4-1° du Code général des impôts",
    "Paiement à effectuer au plus tard le",
    "IBAN FR14 2004 1010 0505 0001 3M02 606",
    "Pas d’escompte",
    "trois fois l’intérêt légal",
    "40 €",
    "Merci.",
    "Page 1 sur 1",
  ]);
  const again = await print(path);
  deepEqual(again.bytes, bytes);
});

Deno.test("billing print: in English, if locale or Accept-Language says so", async () => {
  const { id, number } = await billing.invoice(MEMBERS);
  const path = `/v1/invoices/${id}/pdf`;
  const english = ["Invoice " + number, "Amount to pay incl. VAT", "exempt"];
  const cases: [string, Record<string, string>, "fr" | "en"][] = [
    [`${path}?locale=en`, {}, "en"],
    [`${path}?locale=en`, { "accept-language": "fr" }, "en"],
    [path, { "accept-language": "en-GB,fr;q=0.5" }, "en"],
    [path, { "accept-language": "en;q=0.2, fr-CA;q=0.9" }, "fr"],
    [path, { "accept-language": "de, en;q=0" }, "fr"],
    [path, { "accept-language": "*" }, "fr"],
  ];
  for (const [asked, headers, locale] of cases) {
    const { response, pdf } = await print(asked, headers);
    equal(response.headers.get("content-language"), locale, asked);
    if (locale === "en") contains(pdf, english);
  }
  const refused = await billing.admin.get(`${path}?locale=de`);
  assertProblem(refused, 422, "invalid-request");
});

Deno.test("billing print: a quote tells how long the patient has, and is no e-invoice", async () => {
  const quote = await billing.quote({ lines: [INJECTION] });
  const path = `/v1/quotes/${quote.id}/pdf`;
  const { pdf } = await print(path);
  contains(pdf, [
    `Devis ${quote.number}`,
    "Valable jusqu’au",
    "délai de réflexion de quinze jours",
    "avant l’exécution des actes",
    "date et signature du patient",
  ]);
  ok(!pdf.structure.includes("factur-x.xml"));
  const plain = await billing.quote();
  const without = await print(`/v1/quotes/${plain.id}/pdf`);
  ok(!without.pdf.text.includes("quinzejours"));
});

Deno.test("billing print: a draft has no print, and lines go on to further pages under the same heads", async () => {
  for (const kind of ["quotes", "invoices"] as const) {
    const { id } = await billing.draft(kind);
    assertProblem(
      await billing.admin.get(`/v1/${kind}/${id}/pdf`),
      409,
      "conflict",
    );
  }
  const { id } = await billing.creditNote((await billing.invoice()).id);
  assertProblem(
    await billing.admin.get(`/v1/credit-notes/${id}/pdf`),
    409,
    "conflict",
  );
  const long = await billing.invoice({ lines: Array(80).fill(CONSULTATION) });
  const { pdf } = await print(`/v1/invoices/${long.id}/pdf`);
  const heads = pdf.text.match(/Désignation/g)!.length;
  const pages = pdf.structure.match(/\/Type \/Page\n/g)!.length;
  ok(pages > 1);
  equal(heads, pages);
  contains(pdf, [`Page ${pages} sur ${pages}`]);
});

Deno.test("billing print: the PDF is a PDF/A-3 that says it is a Factur-X of EN 16931", async () => {
  const { id } = await billing.invoice(MEMBERS);
  const { bytes, pdf } = await print(`/v1/invoices/${id}/pdf`);
  match(new TextDecoder("latin1").decode(bytes.subarray(0, 9)), /^%PDF-1\.7/);
  const { structure, streams } = pdf;
  match(structure, /\/AFRelationship \/Alternative/);
  match(structure, /\/AF \[\d+ 0 R\]/);
  match(structure, /\/F \(factur-x\.xml\)/);
  match(structure, /\/UF \(factur-x\.xml\)/);
  match(structure, /\/S \/GTS_PDFA1/);
  match(structure, /\/Lang \(fr\)/);
  // Every font is embedded.
  equal(
    structure.match(/\/Type \/FontDescriptor/g)!.length,
    structure.match(/\/FontFile2 /g)!.length,
  );
  const metadata = new TextDecoder().decode(
    streams.find(({ dictionary }) => dictionary.includes("/Metadata"))!.bytes,
  );
  const fields = new Map(
    xmlFields(metadata).map(([path, text]) => [
      path.split("/").at(-1)!,
      text,
    ]),
  );
  deepEqual(
    ["part", "conformance", "DocumentType", "DocumentFileName", "Version"]
      .concat("ConformanceLevel").map((name) => fields.get(name)),
    ["3", "B", "INVOICE", "factur-x.xml", "1.0", "EN 16931"],
  );
});

Deno.test("billing print: the XML has the fields of EN 16931, with the amounts of the invoice", async () => {
  const invoice = await billing.invoice({ ...MEMBERS, dueDays: 30 });
  const { pdf } = await print(`/v1/invoices/${invoice.id}/pdf`);
  const fields = xmlFields(xmlIn(pdf));
  const wanted: Record<string, string[]> = {
    "ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID": [
      "urn:cen.eu:en16931:2017", // BT-24
    ],
    "ExchangedDocument/ID": [invoice.number], // BT-1
    "ExchangedDocument/TypeCode": ["380"], // BT-3
    "ExchangedDocument/IssueDateTime/DateTimeString": [
      compact(invoice.issuedOn), // BT-2
    ],
    "ExchangedDocument/IncludedNote/SubjectCode": ["PMD", "PMT", "AAB"], // BT-21
    [`${AGREEMENT}/SellerTradeParty/Name`]: ["SELARL Clinique des Lilas"], // BT-27
    [`${AGREEMENT}/SellerTradeParty/Description`]: [
      "Société d’exercice libéral, Capital 10000.00 EUR, RCS Paris 732 829 320", // BT-33
    ],
    [`${AGREEMENT}/SellerTradeParty/SpecifiedLegalOrganization/ID`]: [
      "732829320", // BT-30
    ],
    [`${AGREEMENT}/SellerTradeParty/SpecifiedLegalOrganization/ID/@schemeID`]: [
      "0002",
    ],
    [`${AGREEMENT}/SellerTradeParty/PostalTradeAddress/CountryID`]: ["FR"], // BT-40
    [`${AGREEMENT}/SellerTradeParty/SpecifiedTaxRegistration/ID`]: [
      "FR44732829320", // BT-31
    ],
    [`${AGREEMENT}/SellerTradeParty/SpecifiedTaxRegistration/ID/@schemeID`]: [
      "VA",
    ],
    [`${AGREEMENT}/BuyerTradeParty/Name`]: ["Éloïse D’Ormesson"], // BT-44
    [`${AGREEMENT}/BuyerTradeParty/PostalTradeAddress/CityName`]: ["Lyon"], // BT-52
    [`${AGREEMENT}/BuyerTradeParty/PostalTradeAddress/CountryID`]: ["FR"], // BT-55
    [`${TRADE}/ApplicableHeaderTradeDelivery/ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString`]:
      ["20260102"], // BT-72
    [`${SETTLEMENT}/InvoiceCurrencyCode`]: ["EUR"], // BT-5
    [`${SETTLEMENT}/SpecifiedTradeSettlementPaymentMeans/TypeCode`]: ["58"], // BT-81
    [`${SETTLEMENT}/SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/IBANID`]:
      ["FR1420041010050500013M02606"], // BT-84
    [`${SETTLEMENT}/ApplicableTradeTax/CategoryCode`]: ["E", "S", "S"], // BT-118
    [`${SETTLEMENT}/ApplicableTradeTax/RateApplicablePercent`]: [
      ...["0.00", "5.50", "20.00"], // BT-119
    ],
    [`${SETTLEMENT}/ApplicableTradeTax/BasisAmount`]: invoice.vat.map(
      (group: Json) => decimal(group.baseCents), // BT-116
    ),
    [`${SETTLEMENT}/ApplicableTradeTax/CalculatedAmount`]: invoice.vat.map(
      (group: Json) => decimal(group.vatCents), // BT-117
    ),
    [`${SETTLEMENT}/ApplicableTradeTax/ExemptionReasonCode`]: [
      "VATEX-FR-CGI261-4", // BT-121
    ],
    [`${SETTLEMENT}/SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString`]:
      [compact(invoice.dueOn)], // BT-9
    [`${SUMMATION}/LineTotalAmount`]: [decimal(invoice.linesCents)], // BT-106
    [`${SUMMATION}/AllowanceTotalAmount`]: ["50.01"], // BT-107
    [`${SUMMATION}/TaxBasisTotalAmount`]: [decimal(invoice.netCents)], // BT-109
    [`${SUMMATION}/TaxTotalAmount`]: [decimal(invoice.vatCents)], // BT-110
    [`${SUMMATION}/TaxTotalAmount/@currencyID`]: ["EUR"],
    [`${SUMMATION}/GrandTotalAmount`]: [decimal(invoice.totalCents)], // BT-112
    [`${SUMMATION}/DuePayableAmount`]: [decimal(invoice.totalCents)], // BT-115
    [`${LINE}/AssociatedDocumentLineDocument/LineID`]: ["1", "2", "3"], // BT-126
    [`${LINE}/SpecifiedTradeProduct/Name`]: invoice.lines.map(
      (line: Json) => line.description, // BT-153
    ),
    [`${LINE}/SpecifiedLineTradeDelivery/BilledQuantity`]: ["1", "1.5", "1"], // BT-129
    [`${LINE}/SpecifiedLineTradeDelivery/BilledQuantity/@unitCode`]: [
      ...["C62", "C62", "C62"], // BT-130
    ],
    [`${LINE}/SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount`]:
      ["60.00", "250.00", "12.34"], // BT-146
    [`${LINE}/SpecifiedLineTradeSettlement/ApplicableTradeTax/CategoryCode`]: [
      ...["E", "S", "S"], // BT-151
    ],
    [`${LINE}/SpecifiedLineTradeSettlement/SpecifiedTradeAllowanceCharge/ActualAmount`]:
      ["37.50", "0.34"], // BT-136
    [`${LINE}/SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount`]:
      ["60.00", "337.50", "12.00"], // BT-131
  };
  const notes = valuesOf(fields, "ExchangedDocument/IncludedNote/Content");
  deepEqual([notes.length, notes[0]], [4, "Merci."]); // BT-22
  for (const [path, texts] of Object.entries(wanted)) {
    deepEqual(valuesOf(fields, path), texts, path);
  }
  // The discount of the document is of each rate (BT-92, BT-95), and all of it.
  const allowances = valuesOf(
    fields,
    `${SETTLEMENT}/SpecifiedTradeAllowanceCharge/ActualAmount`,
  );
  equal(allowances.reduce((sum, each) => sum + cents(each), 0), 5_001);
});

Deno.test("billing print: who has no VAT number bills what is exempt, under another registration, and nothing else", async () => {
  await using own = await BillingWorld.open();
  await inClinic(
    own.world,
    own.clinic,
    sql`update clinic_settings set vat_number = null, iban = null, bic = null`,
  );
  const taxed = await own.draft("invoices", { lines: [INJECTION] });
  assertProblem(
    await own.tryStep(`/v1/invoices/${taxed.id}/issue`),
    409,
    "billing-identity-missing",
  );
  const { id } = await own.invoice();
  const { pdf } = await print(`/v1/invoices/${id}/pdf`, {}, own);
  ok(!/N°TVA|IBAN/.test(pdf.text));
  const fields = xmlFields(xmlIn(pdf));
  const registration =
    `${AGREEMENT}/SellerTradeParty/SpecifiedTaxRegistration/ID`;
  deepEqual(valuesOf(fields, registration), ["732829320"]); // BT-32
  deepEqual(valuesOf(fields, `${registration}/@schemeID`), ["FC"]);
  deepEqual(
    valuesOf(
      fields,
      `${SETTLEMENT}/SpecifiedTradeSettlementPaymentMeans/TypeCode`,
    ),
    ["1"],
  );
});

Deno.test("billing print: a credit note names its invoice, in print and in XML", async () => {
  const invoice = await billing.invoice(MEMBERS);
  const draft = await billing.creditNote(invoice.id);
  const note = await billing.step(`/v1/credit-notes/${draft.id}/issue`);
  const { pdf } = await print(`/v1/credit-notes/${draft.id}/pdf`);
  contains(pdf, [
    `Avoir ${note.number}`,
    `Avoir sur la facture n° ${invoice.number} du`,
    "Total de l’avoir TTC",
  ]);
  const fields = xmlFields(xmlIn(pdf));
  deepEqual(valuesOf(fields, "ExchangedDocument/TypeCode"), ["381"]);
  deepEqual(
    valuesOf(
      fields,
      `${SETTLEMENT}/InvoiceReferencedDocument/IssuerAssignedID`,
    ),
    [invoice.number], // BT-25
  );
  deepEqual(
    valuesOf(
      fields,
      `${SETTLEMENT}/InvoiceReferencedDocument/FormattedIssueDateTime/DateTimeString`,
    ),
    [compact(invoice.issuedOn)], // BT-26
  );
});

const TRADE = "SupplyChainTradeTransaction";
const AGREEMENT = `${TRADE}/ApplicableHeaderTradeAgreement`;
const SETTLEMENT = `${TRADE}/ApplicableHeaderTradeSettlement`;
const SUMMATION =
  `${SETTLEMENT}/SpecifiedTradeSettlementHeaderMonetarySummation`;
const LINE = `${TRADE}/IncludedSupplyChainTradeLineItem`;

function valuesOf(
  fields: readonly (readonly [string, string])[],
  path: string,
): string[] {
  const whole = `CrossIndustryInvoice/${path}`;
  return fields.filter(([each]) => each === whole).map(([, text]) => text);
}

function compact(day: string): string {
  return day.replaceAll("-", "");
}

function decimal(cents: number): string {
  return (cents / 100).toFixed(2);
}

function cents(text: string): number {
  return Math.round(Number(text) * 100);
}
