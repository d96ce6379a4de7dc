import { z } from "@hono/zod-openapi";
import { integer, label, orNull } from "../../http/schemas.ts";

function line(description: string, example: string, max = 200) {
  return orNull(label({ max, description, example }));
}

const address = {
  addressLine1: line("Street and number", "12 rue des Lilas"),
  addressLine2: line("Building, floor, door", "Bâtiment B"),
  postalCode: line("Postal code", "75011", 16),
  city: line("Town", "Paris", 100),
  countryCode: label({
    max: 2,
    pattern: "^[A-Z]{2}$",
    description: "Country, ISO 3166-1 alpha-2",
    example: "FR",
  }),
};

const exampleBuyer = {
  name: "Zoë Le Goff",
  addressLine1: "3 quai de Saône",
  addressLine2: null,
  postalCode: "69002",
  city: "Lyon",
  countryCode: "FR",
};

const exampleSeller = {
  name: "SELARL Clinique des Lilas",
  legalForm: "Société d'exercice libéral à responsabilité limitée",
  shareCapitalCents: 1_000_000,
  tradeRegister: "RCS Paris 732 829 320",
  mention: null,
  siret: "73282932000074",
  vatNumber: "FR44732829320",
  addressLine1: "12 rue des Lilas",
  addressLine2: null,
  postalCode: "75011",
  city: "Paris",
  countryCode: "FR",
  email: "contact@lilas.example",
  phone: "+33155443322",
  iban: "FR1420041010050500013M02606",
  bic: "PSSTFRPPPAR",
};

export const SellerSchema = z.strictObject({
  name: label({
    max: 200,
    description: "Legal name",
    example: "SELARL Clinique des Lilas",
  }),
  legalForm: line("Legal form", exampleSeller.legalForm, 60),
  shareCapitalCents: orNull(integer({
    min: 0,
    max: 2_147_483_647,
    description: "Share capital, in cents",
    example: exampleSeller.shareCapitalCents,
  })),
  tradeRegister: line(
    "Where and as what it is registered",
    exampleSeller.tradeRegister,
    100,
  ),
  mention: line(
    "What else the clinic says on its documents",
    "Membre d'une association agréée, le règlement par chèque est accepté.",
    500,
  ),
  siret: label({
    max: 14,
    pattern: "^[0-9]{14}$",
    description: "SIRET",
    example: "73282932000074",
  }),
  vatNumber: line("VAT number", "FR44732829320", 15),
  ...address,
  email: line("E-mail address", "contact@lilas.example", 254),
  phone: line("Telephone number", "+33155443322", 32),
  iban: line("Account for transfers", "FR1420041010050500013M02606", 34),
  bic: line("Bank of the account", "PSSTFRPPPAR", 11),
}).openapi("Seller", {
  description: "Who bills, as it was at issue",
  example: exampleSeller,
});

export const BuyerSchema = z.strictObject({
  name: label({
    max: 201,
    description: "Name",
    example: "Zoë Le Goff",
  }),
  ...address,
}).openapi("Buyer", {
  description: "Who is billed, as it was at issue",
  example: exampleBuyer,
});

export type Seller = z.infer<typeof SellerSchema>;
export type Buyer = z.infer<typeof BuyerSchema>;
