import type { DocumentKind } from "../states.ts";

export type PrintLocale = "fr" | "en";

/** Everything that a print says by itself. `{…}` is replaced. */
export interface PrintTexts {
  readonly titles: Readonly<Record<DocumentKind, string>>;
  readonly buyer: string;
  readonly vatNumber: string;
  readonly capital: string;
  readonly issuedOn: string;
  readonly deliveredOn: string;
  readonly dueOn: string;
  readonly validUntil: string;
  readonly corrects: string;
  readonly columns: {
    readonly description: string;
    readonly quantity: string;
    readonly unitPrice: string;
    readonly discount: string;
    readonly vat: string;
    readonly net: string;
  };
  readonly exempt: string;
  readonly linesTotal: string;
  readonly documentDiscount: string;
  readonly netTotal: string;
  readonly vatAt: string;
  readonly total: Readonly<Record<DocumentKind, string>>;
  readonly exemption: string;
  readonly paymentTitle: string;
  readonly payment: string;
  readonly account: string;
  readonly noEarlyDiscount: string;
  readonly latePenalties: string;
  readonly recovery: string;
  readonly credited: string;
  readonly quoteTerms: string;
  readonly reflection: string;
  readonly agreement: string;
  readonly page: string;
}

const fr: PrintTexts = {
  titles: { quote: "Devis", invoice: "Facture", credit_note: "Avoir" },
  buyer: "Destinataire",
  vatNumber: "N° TVA",
  capital: "au capital de {amount}",
  issuedOn: "Date d’émission : {date}",
  deliveredOn: "Date de la prestation : {date}",
  dueOn: "Date d’échéance : {date}",
  validUntil: "Valable jusqu’au {date}",
  corrects: "Avoir sur la facture n° {number} du {date}",
  columns: {
    description: "Désignation",
    quantity: "Qté",
    unitPrice: "Prix unitaire HT",
    discount: "Remise",
    vat: "TVA",
    net: "Total HT",
  },
  exempt: "exonéré",
  linesTotal: "Total des lignes HT",
  documentDiscount: "Remise",
  netTotal: "Total HT",
  vatAt: "TVA {rate} sur {base}",
  total: {
    quote: "Total TTC",
    invoice: "Net à payer TTC",
    credit_note: "Total de l’avoir TTC",
  },
  exemption:
    "Exonération de TVA, article 261-4-1° du Code général des impôts, pour les lignes marquées « exonéré ».",
  paymentTitle: "Règlement",
  payment: "Paiement à effectuer au plus tard le {date}.",
  account: "Par virement, sur le compte :",
  noEarlyDiscount: "Pas d’escompte en cas de paiement anticipé.",
  latePenalties:
    "En cas de retard de paiement par un professionnel : pénalités au taux de trois fois l’intérêt légal (Code de commerce, art. L441-10).",
  recovery:
    "Indemnité forfaitaire due par un professionnel pour frais de recouvrement : 40 €.",
  credited:
    "Le montant de cet avoir est déduit de la facture, ou remboursé si elle a été payée.",
  quoteTerms:
    "Devis établi avant l’exécution des actes. Les prix sont valables jusqu’à la date indiquée.",
  reflection:
    "Acte à visée esthétique : un délai de réflexion de quinze jours doit être respecté entre la remise de ce devis et l’intervention. Aucun engagement ni paiement ne peut être demandé avant le {date} (arrêté du 17 octobre 1996, Code de la santé publique, art. D6322-30).",
  agreement:
    "Devis reçu avant l’exécution des actes. Bon pour accord, date et signature du patient :",
  page: "Page {page} sur {pages}",
};

const en: PrintTexts = {
  titles: { quote: "Quote", invoice: "Invoice", credit_note: "Credit note" },
  buyer: "To",
  vatNumber: "VAT no.",
  capital: "share capital {amount}",
  issuedOn: "Date of issue: {date}",
  deliveredOn: "Date of service: {date}",
  dueOn: "Due date: {date}",
  validUntil: "Valid until {date}",
  corrects: "Credit for invoice {number} of {date}",
  columns: {
    description: "Description",
    quantity: "Qty",
    unitPrice: "Unit price excl. VAT",
    discount: "Discount",
    vat: "VAT",
    net: "Total excl. VAT",
  },
  exempt: "exempt",
  linesTotal: "Total of lines excl. VAT",
  documentDiscount: "Discount",
  netTotal: "Total excl. VAT",
  vatAt: "VAT {rate} on {base}",
  total: {
    quote: "Total incl. VAT",
    invoice: "Amount to pay incl. VAT",
    credit_note: "Total credited incl. VAT",
  },
  exemption:
    "Exempt from VAT under article 261-4-1° of the French tax code (CGI), for the lines marked “exempt”.",
  paymentTitle: "Payment",
  payment: "To be paid by {date}.",
  account: "By bank transfer, to account:",
  noEarlyDiscount: "No discount for early payment.",
  latePenalties:
    "If a business pays late: penalties at three times the French legal interest rate (French commercial code, art. L441-10).",
  recovery: "Fixed indemnity due by a business for recovery costs: €40.",
  credited:
    "The amount of this credit note is taken off the invoice, or paid back if that has been paid.",
  quoteTerms:
    "Quote made before the acts are carried out. Prices hold good until the date above.",
  reflection:
    "Aesthetic act: fifteen days to think it over must pass between this quote and the act. Neither commitment nor payment may be asked for before {date} (order of 17 October 1996, French public health code, art. D6322-30).",
  agreement:
    "Quote received before the acts are carried out. Agreed; date and signature of the patient:",
  page: "Page {page} of {pages}",
};

export const TEXTS: Readonly<Record<PrintLocale, PrintTexts>> = { fr, en };

/** Puts values in the place of `{name}`. */
export function fill(
  text: string,
  values: Readonly<Record<string, string>>,
): string {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
