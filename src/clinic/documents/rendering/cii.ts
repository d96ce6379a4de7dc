import type { Printable } from "./printable.ts";
import { buyerParty, paymentMeans, sellerParty } from "./cii_parties.ts";
import {
  amount,
  categoryCode,
  dateTime,
  EXEMPTION,
  percent,
} from "./cii_values.ts";
import {
  element,
  withAttributes,
  xmlDocument,
  type XmlElement,
} from "./xml.ts";
import type { VatGroup } from "../totals.ts";

/** The profile: all of EN 16931 and nothing else. */
const GUIDELINE = "urn:cen.eu:en16931:2017";
const NAMESPACES = {
  "xmlns:rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
  "xmlns:ram":
    "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
  "xmlns:udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
  "xmlns:qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
};
/** UNTDID 1001: commercial invoice, credit note. */
const TYPE_CODES = { invoice: "380", credit_note: "381" } as const;
/** UNTDID 5189: discount. */
const DISCOUNT = "95";

/** What is said in words. */
export interface CiiTerms {
  /** Needed where something is due (BR-CO-25). */
  readonly payment: string;
  /** By subject (UNTDID 4451), such as PMD: penalties for late payment. */
  readonly notes: readonly (readonly [subject: string, content: string])[];
}

/**
 * An invoice or credit note as UN/CEFACT Cross Industry Invoice (D16B), the XML of Factur-X. The order of elements is that
 * of the schema.
 */
export function toCii(document: Printable, terms: CiiTerms): string {
  const { kind } = document;
  if (kind === "quote") throw new TypeError("Cannot make XML: no invoice");
  return xmlDocument(withAttributes(
    element(
      "rsm:CrossIndustryInvoice",
      element(
        "rsm:ExchangedDocumentContext",
        element(
          "ram:GuidelineSpecifiedDocumentContextParameter",
          element("ram:ID", GUIDELINE),
        ),
      ),
      element(
        "rsm:ExchangedDocument",
        element("ram:ID", document.number),
        element("ram:TypeCode", TYPE_CODES[kind]),
        element("ram:IssueDateTime", dateTime("udt", document.issuedOn)),
        document.note === null ? undefined : element(
          "ram:IncludedNote",
          element("ram:Content", document.note),
        ),
        ...terms.notes.map(([subject, content]) =>
          element(
            "ram:IncludedNote",
            element("ram:Content", content),
            element("ram:SubjectCode", subject),
          )
        ),
      ),
      element(
        "rsm:SupplyChainTradeTransaction",
        ...document.lines.map(lineItem),
        element(
          "ram:ApplicableHeaderTradeAgreement",
          sellerParty(document.seller),
          buyerParty(document.buyer),
        ),
        element(
          "ram:ApplicableHeaderTradeDelivery",
          element(
            "ram:ActualDeliverySupplyChainEvent",
            element(
              "ram:OccurrenceDateTime",
              dateTime("udt", document.deliveredOn ?? document.issuedOn),
            ),
          ),
        ),
        settlement(document, terms.payment),
      ),
    ),
    NAMESPACES,
  ));
}

function lineItem(line: Printable["lines"][number], index: number): XmlElement {
  const { vatCategory, vatRateBasisPoints, discount, grossCents } = line;
  return element(
    "ram:IncludedSupplyChainTradeLineItem",
    element(
      "ram:AssociatedDocumentLineDocument",
      element("ram:LineID", String(index + 1)),
    ),
    element("ram:SpecifiedTradeProduct", element("ram:Name", line.description)),
    element(
      "ram:SpecifiedLineTradeAgreement",
      element(
        "ram:NetPriceProductTradePrice",
        element("ram:ChargeAmount", amount(line.unitPriceCents)),
      ),
    ),
    element(
      "ram:SpecifiedLineTradeDelivery",
      withAttributes(element("ram:BilledQuantity", line.quantity), {
        unitCode: "C62",
      }),
    ),
    element(
      "ram:SpecifiedLineTradeSettlement",
      element(
        "ram:ApplicableTradeTax",
        ...tax(vatCategory, vatRateBasisPoints),
      ),
      discount === null ? undefined : allowance(
        discount.kind === "percent" ? percent(discount.basisPoints) : undefined,
        grossCents,
        grossCents - line.netCents,
      ),
      element(
        "ram:SpecifiedTradeSettlementLineMonetarySummation",
        element("ram:LineTotalAmount", amount(line.netCents)),
      ),
    ),
  );
}

function allowance(
  percentage: string | undefined,
  basisCents: number,
  cents: number,
  ...category: XmlElement[]
): XmlElement {
  const withPercent = percentage !== undefined;
  return element(
    "ram:SpecifiedTradeAllowanceCharge",
    element("ram:ChargeIndicator", element("udt:Indicator", "false")),
    withPercent ? element("ram:CalculationPercent", percentage) : undefined,
    withPercent ? element("ram:BasisAmount", amount(basisCents)) : undefined,
    element("ram:ActualAmount", amount(cents)),
    element("ram:ReasonCode", DISCOUNT),
    ...category,
  );
}

function settlement(document: Printable, paymentTerms: string): XmlElement {
  const { totals, discount, dueOn, invoice } = document;
  return element(
    "ram:ApplicableHeaderTradeSettlement",
    element("ram:PaymentReference", document.number),
    element("ram:InvoiceCurrencyCode", "EUR"),
    paymentMeans(document.seller),
    ...totals.groups.map(taxGroup),
    ...totals.groups.filter(({ allowanceCents }) => allowanceCents > 0)
      .map((group) =>
        allowance(
          discount?.kind === "percent"
            ? percent(discount.basisPoints)
            : undefined,
          group.linesCents,
          group.allowanceCents,
          element(
            "ram:CategoryTradeTax",
            ...tax(group.vatCategory, group.vatRate),
          ),
        )
      ),
    element(
      "ram:SpecifiedTradePaymentTerms",
      element("ram:Description", paymentTerms),
      dueOn === null
        ? undefined
        : element("ram:DueDateDateTime", dateTime("udt", dueOn)),
    ),
    element(
      "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
      element("ram:LineTotalAmount", amount(totals.linesCents)),
      element("ram:AllowanceTotalAmount", amount(totals.allowanceCents)),
      element("ram:TaxBasisTotalAmount", amount(totals.netCents)),
      withAttributes(
        element("ram:TaxTotalAmount", amount(totals.vatCents)),
        { currencyID: "EUR" },
      ),
      element("ram:GrandTotalAmount", amount(totals.totalCents)),
      element("ram:DuePayableAmount", amount(totals.totalCents)),
    ),
    invoice === null ? undefined : element(
      "ram:InvoiceReferencedDocument",
      element("ram:IssuerAssignedID", invoice.number),
      element("ram:FormattedIssueDateTime", dateTime("qdt", invoice.issuedOn)),
    ),
  );
}

function tax(
  category: VatGroup["vatCategory"],
  rateBasisPoints: number,
): XmlElement[] {
  return [
    element("ram:TypeCode", "VAT"),
    element("ram:CategoryCode", categoryCode(category)),
    element("ram:RateApplicablePercent", percent(rateBasisPoints)),
  ];
}

function taxGroup(group: VatGroup): XmlElement {
  const exempt = group.vatCategory === "exempt_care";
  return element(
    "ram:ApplicableTradeTax",
    element("ram:CalculatedAmount", amount(group.vatCents)),
    element("ram:TypeCode", "VAT"),
    exempt ? element("ram:ExemptionReason", EXEMPTION.reason) : undefined,
    element("ram:BasisAmount", amount(group.baseCents)),
    element("ram:CategoryCode", categoryCode(group.vatCategory)),
    exempt ? element("ram:ExemptionReasonCode", EXEMPTION.code) : undefined,
    element("ram:RateApplicablePercent", percent(group.vatRate)),
  );
}
