import { equal } from "node:assert/strict";
import { CONSULTATION, newPatient, withBillingIdentity } from "./billing.ts";
import type { Client, Json } from "./client.ts";
import type { PathValues, Place } from "./generated_entities.ts";

/** What tests that are generated need of the catalogue and of documents. */
type Factory = (place: Place) => Promise<PathValues>;

export const BILLING_ENTITIES: Readonly<Record<string, Factory>> = {
  "/v1/catalogue/items/{id}": catalogueItem,
  "/v1/quotes/{id}": draftQuote,
  "/v1/quotes/{id}/accept": sentQuote,
  "/v1/quotes/{id}/reject": sentQuote,
  "/v1/quotes/{id}/convert": acceptedQuote,
  "/v1/quotes/{id}/pdf": sentQuote,
  "/v1/invoices/{id}": draftInvoice,
  "/v1/invoices/{id}/pdf": issuedInvoice,
  "/v1/invoices/{id}/payments": issuedInvoice,
  "/v1/invoices/{id}/payments/{paymentId}": payment,
  "/v1/credit-notes/{id}": draftCreditNote,
  "/v1/credit-notes/{id}/pdf": issuedCreditNote,
};

export const BILLING_BODIES: Readonly<
  Record<string, (place: Place) => Promise<Json>>
> = {
  createCatalogueItem: () =>
    Promise.resolve({ ...ITEM, code: crypto.randomUUID() }),
  createQuote: documentBody,
  createInvoice: documentBody,
  createCreditNote: async (place) => ({
    invoiceId: (await issuedInvoice(place)).id,
    lines: [{ ...CONSULTATION, quantity: "1" }],
    note: "x",
  }),
};

async function make(
  client: Client,
  path: string,
  body: object,
): Promise<PathValues> {
  const answer = await client.post(path, body, {
    "idempotency-key": crypto.randomUUID(),
  });
  equal(answer.status, 201, answer.text);
  return { id: answer.body.id };
}

async function step(
  { client }: Place,
  path: string,
  values: PathValues,
): Promise<PathValues> {
  const answer = await client.post(path, undefined, { "if-match": "*" });
  equal(answer.status, 200, answer.text);
  return values;
}

const ITEM = {
  kind: "service",
  title: "Consultation",
  unitPriceCents: 6_000,
  vatCategory: "exempt_care",
  vatRateBasisPoints: 0,
};

function catalogueItem({ client }: Place): Promise<PathValues> {
  return make(client, "/v1/catalogue/items", ITEM);
}

/** Every draft may be issued: the clinic has said who it is. */
async function documentBody(
  { world, clinic, client }: Place,
): Promise<Json> {
  await withBillingIdentity(world, clinic);
  const patientId = await newPatient(client);
  const line = { ...CONSULTATION, quantity: "1", vatRateBasisPoints: 0 };
  return { patientId, lines: [line], note: "x" };
}

async function draftQuote(place: Place): Promise<PathValues> {
  return await make(place.client, "/v1/quotes", await documentBody(place));
}

async function sentQuote(place: Place): Promise<PathValues> {
  const quote = await draftQuote(place);
  return await step(place, `/v1/quotes/${quote.id}/send`, quote);
}

async function acceptedQuote(place: Place): Promise<PathValues> {
  const quote = await sentQuote(place);
  return await step(place, `/v1/quotes/${quote.id}/accept`, quote);
}

async function draftInvoice(place: Place): Promise<PathValues> {
  return await make(place.client, "/v1/invoices", await documentBody(place));
}

async function issuedInvoice(place: Place): Promise<PathValues> {
  const invoice = await draftInvoice(place);
  return await step(place, `/v1/invoices/${invoice.id}/issue`, invoice);
}

async function payment(place: Place): Promise<PathValues> {
  const { id } = await issuedInvoice(place);
  const paid = await make(place.client, `/v1/invoices/${id}/payments`, {
    amountCents: 1_000,
    method: "card",
    paidOn: "2026-01-02",
  });
  return { id: id!, paymentId: paid.id! };
}

async function draftCreditNote(place: Place): Promise<PathValues> {
  const { id: invoiceId } = await issuedInvoice(place);
  return await make(place.client, "/v1/credit-notes", { invoiceId });
}

async function issuedCreditNote(place: Place): Promise<PathValues> {
  const note = await draftCreditNote(place);
  return await step(place, `/v1/credit-notes/${note.id}/issue`, note);
}
