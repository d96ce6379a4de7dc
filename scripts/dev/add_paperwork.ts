import { CATALOGUE, CONSENT_TEMPLATES } from "../seed/practice.ts";
import type { Random } from "../seed/places.ts";
import { type DemoApi, eachOf, type Json } from "./demo_api.ts";
import { CONCURRENCY, pick, type Practice } from "./demo_practice.ts";

export async function addConsents(practice: Practice): Promise<void> {
  const { admin, secretary, physician, random, patients } = practice;
  const templates: Json[] = [];
  for (const each of CONSENT_TEMPLATES) {
    const template = await admin.post("/v1/consent-templates", each);
    const path = `/v1/consent-templates/${template.id}/publish`;
    templates.push(await admin.change("POST", path, template));
  }
  await eachOf(patients.slice(0, 24), CONCURRENCY, async (patient) => {
    const consent = await secretary.post("/v1/consents", {
      patientId: patient.id,
      templateId: pick(random, templates).id,
      language: "fr",
    });
    const path = `/v1/consents/${consent.id}`;
    const chance = random();
    if (chance < 0.2) return;
    const signer = {
      name: `${patient.givenNames} ${patient.familyName ?? ""}`.trim(),
      capacity: "patient",
    };
    if (chance < 0.3) {
      await physician.change("POST", `${path}/refuse`, consent, { signer });
      return;
    }
    const method = { accepted: true, signer, method: "paper" };
    const signed = await physician.change(
      "POST",
      `${path}/sign`,
      consent,
      method,
    );
    if (chance < 0.4) {
      await secretary.change("POST", `${path}/withdraw`, signed, {});
    }
  });
}

export async function addDocuments(practice: Practice): Promise<void> {
  const { admin, secretary, random, patients } = practice;
  const items: Json[] = [];
  for (const each of CATALOGUE) {
    items.push(await admin.post("/v1/catalogue/items", each));
  }
  const care = items.filter(({ aesthetic }) => !aesthetic);
  // One after the other: their numbers are in the order in which they are issued.
  for (const patient of patients.slice(0, 24)) {
    const lines = [{
      catalogueItemId: pick(random, care).id,
      quantity: random() < 0.8 ? "1" : "2",
    }];
    await addInvoice(secretary, random, patient.id, lines);
  }
  for (const patient of patients.slice(24, 44)) {
    const quote = await secretary.post("/v1/quotes", {
      patientId: patient.id,
      lines: [{ catalogueItemId: pick(random, items).id, quantity: "1" }],
    });
    if (random() < 0.3) continue;
    await takeDecision(secretary, random, quote);
  }
}

/** Some are accepted and billed, some rejected; most are still with the patient. */
async function takeDecision(
  api: DemoApi,
  random: Random,
  quote: Json,
): Promise<void> {
  const path = `/v1/quotes/${quote.id}`;
  const sent = await api.change("POST", `${path}/send`, quote);
  const chance = random();
  if (chance < 0.2) {
    await api.change("POST", `${path}/reject`, sent);
    return;
  }
  // Not while the patient has time to think it over.
  if (chance > 0.7 || sent.acceptableFrom !== null) return;
  const accepted = await api.change("POST", `${path}/accept`, sent);
  if (chance > 0.55) return;
  const draft = await api.change("POST", `${path}/convert`, accepted);
  await api.change("POST", `/v1/invoices/${draft.id}/issue`, draft);
}

/** A tenth of an invoice is taken back, as a gesture. */
async function addCreditNote(api: DemoApi, invoice: Json): Promise<void> {
  const [line] = invoice.lines;
  const note = await api.post("/v1/credit-notes", {
    invoiceId: invoice.id,
    lines: [{
      description: "Geste commercial",
      quantity: "1",
      unitPriceCents: Math.ceil(line.netCents / 10),
      vatCategory: line.vatCategory,
      vatRateBasisPoints: line.vatRateBasisPoints,
    }],
  });
  await api.change("POST", `/v1/credit-notes/${note.id}/issue`, note);
}

async function addInvoice(
  api: DemoApi,
  random: Random,
  patientId: string,
  lines: Json[],
): Promise<void> {
  const draft = await api.post("/v1/invoices", { patientId, lines });
  if (random() < 0.1) return;
  const path = `/v1/invoices/${draft.id}`;
  const invoice = await api.change("POST", `${path}/issue`, draft);
  const chance = random();
  if (chance > 0.9) await addCreditNote(api, invoice);
  if (chance < 0.2 || chance > 0.9) return;
  const amountCents = chance < 0.35
    ? Math.ceil(invoice.dueCents / 2)
    : invoice.dueCents;
  await api.post(`${path}/payments`, {
    amountCents,
    method: random() < 0.7 ? "card" : "cash",
    paidOn: invoice.issuedOn,
  });
}
