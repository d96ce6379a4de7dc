import type { Buyer, Seller } from "../party_schemas.ts";
import { element, withAttributes, type XmlElement } from "./xml.ts";

/** ISO 6523: SIREN. */
const SIREN = "0002";
/** UNTDID 4461: SEPA credit transfer; an instrument that is not defined. */
const TRANSFER = "58";
const ANY_MEANS = "1";

export function sellerParty(seller: Seller): XmlElement {
  const { siret, vatNumber, email, phone } = seller;
  return element(
    "ram:SellerTradeParty",
    element("ram:Name", seller.name),
    optional("ram:Description", legalText(seller)),
    element(
      "ram:SpecifiedLegalOrganization",
      withAttributes(element("ram:ID", siret.slice(0, 9)), { schemeID: SIREN }),
    ),
    phone === null && email === null ? undefined : element(
      "ram:DefinedTradeContact",
      element("ram:PersonName", seller.name),
      phone === null ? undefined : element(
        "ram:TelephoneUniversalCommunication",
        element("ram:CompleteNumber", phone),
      ),
      email === null ? undefined : element(
        "ram:EmailURIUniversalCommunication",
        element("ram:URIID", email),
      ),
    ),
    address(seller),
    element(
      "ram:SpecifiedTaxRegistration",
      // An exempt seller may have no VAT number: BR-E-02 then wants a local registration.
      withAttributes(element("ram:ID", vatNumber ?? siret.slice(0, 9)), {
        schemeID: vatNumber === null ? "FC" : "VA",
      }),
    ),
  );
}

/** BT-33: what companies must say of themselves. */
function legalText(seller: Seller): string | null {
  const { legalForm, shareCapitalCents, tradeRegister } = seller;
  const capital = shareCapitalCents === null
    ? null
    : `Capital ${(shareCapitalCents / 100).toFixed(2)} EUR`;
  const parts = [legalForm, capital, tradeRegister]
    .filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(", ");
}

export function buyerParty(buyer: Buyer): XmlElement {
  return element(
    "ram:BuyerTradeParty",
    element("ram:Name", buyer.name),
    address(buyer),
  );
}

export function paymentMeans({ iban, bic }: Seller): XmlElement {
  return element(
    "ram:SpecifiedTradeSettlementPaymentMeans",
    element("ram:TypeCode", iban === null ? ANY_MEANS : TRANSFER),
    iban === null ? undefined : element(
      "ram:PayeePartyCreditorFinancialAccount",
      element("ram:IBANID", iban),
    ),
    iban === null || bic === null ? undefined : element(
      "ram:PayeeSpecifiedCreditorFinancialInstitution",
      element("ram:BICID", bic),
    ),
  );
}

function address(party: Buyer): XmlElement {
  return element(
    "ram:PostalTradeAddress",
    optional("ram:PostcodeCode", party.postalCode),
    optional("ram:LineOne", party.addressLine1),
    optional("ram:LineTwo", party.addressLine2),
    optional("ram:CityName", party.city),
    element("ram:CountryID", party.countryCode),
  );
}

function optional(name: string, text: string | null): XmlElement | undefined {
  return text === null ? undefined : element(name, text);
}
