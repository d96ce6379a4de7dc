import { equal } from "node:assert/strict";
import { dumpDatabase } from "../../scripts/drill/dump.ts";
import type { DrillTarget } from "../../scripts/drill/target.ts";
import { sql } from "../../src/db/sql.ts";
import { withBillingIdentity } from "./billing.ts";
import { pgBin } from "./operations.ts";
import { inClinic } from "./sql.ts";
import { workerLogin } from "./test_stack.ts";
import { type Bookable, bookable, booking } from "./appointments.ts";
import { PROBLEMS } from "../../src/http/problem.ts";
import type { ErrorCode } from "../../src/kernel/errors.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  type Json,
} from "./client.ts";
import {
  clientOf,
  DRAWN,
  handedLink,
  make,
  newPatient,
  publishedTemplate,
} from "./consents.ts";
import { LINE, NOTE, staffId } from "./records.ts";
import type { TestClinic, World } from "./world.ts";

/** What tells who somebody is, as it is typed. No two persons of a test have the same. */
export interface Identity {
  readonly givenNames: string;
  readonly familyName: string;
  readonly birthName: string;
  readonly birthDate: string;
  readonly birthPlace: string;
  readonly email: string;
  readonly phone: string;
  readonly addressLine1: string;
  readonly addressLine2: string;
  readonly postalCode: string;
  readonly city: string;
  readonly otherPhone: string;
  readonly emergencyContactName: string;
  readonly emergencyContactPhone: string;
  readonly legalRepresentativeName: string;
  readonly treatingPhysician: string;
  readonly insurer: string;
  readonly insuranceNumber: string;
}

export const ZEPHYRINE: Identity = {
  givenNames: "Zéphyrine Aurore",
  familyName: "Quémeneur-Lhostïs",
  birthName: "Vandenbroucke",
  birthDate: "1974-08-19",
  birthPlace: "Saint-Quentin-Fallavier",
  email: "zephyrine.quemeneur@courriel.example",
  phone: "+33698765431",
  addressLine1: "17 impasse des Chèvrefeuilles",
  addressLine2: "Bâtiment Mélusine",
  postalCode: "MC-98000-ZQ",
  city: "Roquebrune-Cap-Martin",
  otherPhone: "+33698765433",
  emergencyContactName: "Hippolyte Quémeneur",
  emergencyContactPhone: "+33698765434",
  legalRepresentativeName: "Cunégonde Vandenbroucke",
  treatingPhysician: "Docteur Wladimir Ostrowski",
  insurer: "Caisse des Marins de Concarneau",
  insuranceNumber: "MGX-4471-0098-Q",
};

/** The same person, as somebody else wrote her down. */
export const ZEPHIRINE = {
  givenNames: "Zéfirine",
  familyName: "Kemeneur Lostis",
  birthDate: "1974-08-19",
  email: "z.kemeneur@autre.example",
  phone: "+33698765432",
} as const;

export const NIR = "274089741712365";

/** A person of whom a clinic has everything that it can have of somebody. */
export interface WholePerson {
  readonly id: string;
  /** A file that was merged into it. */
  readonly mergedId: string;
  readonly invoiceId: string;
  readonly appointmentId: string;
  readonly recordId: string;
  readonly consentId: string;
  readonly prescriptionId: string;
  /** Of a link that can still be followed. */
  readonly linkToken: string;
}

export interface Team {
  readonly admin: Client;
  readonly physician: Client;
  readonly from: Bookable;
}

/** Who works in a clinic that can bill and be booked. */
export async function openTeam(
  world: World,
  clinic: TestClinic,
): Promise<Team> {
  await withBillingIdentity(world, clinic);
  return {
    admin: await clientOf(world, clinic, "admin"),
    physician: await clientOf(world, clinic, "physician"),
    from: await bookable(world, clinic),
  };
}

export async function makeWholePerson(
  world: World,
  clinic: TestClinic,
  { admin, physician, from }: Team,
  identity: Identity = ZEPHYRINE,
  nir: string | null = NIR,
): Promise<WholePerson> {
  const place = { world, clinic, client: admin };
  const full = `${identity.givenNames} ${identity.familyName}`;
  const id = await newPatient(admin, {
    ...identity,
    ...(nir ? { nir } : {}),
    countryCode: "FR",
  });
  const mergedId = await newPatient(admin, ZEPHIRINE);
  // In the file that is merged, so that what it has is found through the other.
  const record = await make(physician, "/v1/records", {
    ...NOTE,
    patientId: mergedId,
    text: `${full} se plaint.`,
  });
  await make(physician, `/v1/records/${record.id}/sign`);
  await make(physician, `/v1/records/${record.id}/amend`, {
    reason: full,
    text: full,
  });
  await make(physician, `/v1/patients/${id}/merge`, { patientId: mergedId });

  const appointment = await make(
    admin,
    "/v1/appointments",
    booking({ ...from, patientId: id }, {
      startsAt: "2031-03-24T09:00:00Z",
      outsideHours: true,
      note: `Rappeler ${full}`,
    }),
  );
  const cancelled = await make(
    admin,
    "/v1/appointments",
    booking({ ...from, patientId: id }, {
      startsAt: "2031-03-25T09:00:00Z",
      outsideHours: true,
    }),
  );
  await make(admin, `/v1/appointments/${cancelled.id}/cancel`, {
    reason: `${full} a appelé`,
  });

  const lines = [{
    description: "Consultation",
    unitPriceCents: 6_000,
    vatCategory: "exempt_care",
  }];
  const bill = { patientId: id, lines, note: `Pour ${full}` };
  const invoice = await make(admin, "/v1/invoices", bill);
  await make(admin, `/v1/invoices/${invoice.id}/issue`);
  await make(admin, `/v1/invoices/${invoice.id}/payments`, {
    amountCents: 2_000,
    method: "cheque",
    paidOn: "2026-01-02",
    reference: `Chèque ${identity.familyName}`,
  });
  const credit = await make(admin, "/v1/credit-notes", {
    invoiceId: invoice.id,
    lines: [{ ...lines[0], unitPriceCents: 1_000 }],
  });
  await make(admin, `/v1/credit-notes/${credit.id}/issue`);
  await make(admin, "/v1/invoices", bill);
  const quotes = await Promise.all(
    [1, 2, 3].map(() => make(admin, "/v1/quotes", bill)),
  );
  for (const { id } of quotes.slice(1)) {
    await make(admin, `/v1/quotes/${id}/send`);
  }
  await make(admin, `/v1/quotes/${quotes[2]!.id}/accept`);

  const template = await publishedTemplate(admin);
  const asked = { patientId: id, templateId: template.id, language: "fr" };
  const signed = await make(admin, "/v1/consents", asked);
  await make(physician, `/v1/consents/${signed.id}/sign`, {
    ...DRAWN,
    signer: { name: full, capacity: "patient" },
  });
  const byLink = await make(admin, "/v1/consents", asked);
  const answer = await admin.post("/v1/consent-links/sign", {
    token: await handedLink(place, byLink.id),
    signer: { name: full, capacity: "patient" },
    accepted: true,
  });
  equal(answer.status, 200, answer.text);
  const pending = await make(admin, "/v1/consents", asked);
  const linkToken = await handedLink(place, pending.id);

  const open = { ...NOTE, patientId: id, title: full };
  await make(physician, "/v1/records", open);
  const summary = {
    bloodGroup: null,
    allergyStatus: "known",
    allergies: [{ substance: full, reaction: null, severity: null }],
    history: [],
    medications: [],
    notes: full,
  };
  const noted = await physician.send(
    "PUT",
    `/v1/patients/${id}/medical-summary`,
    {
      body: summary,
      headers: { "if-match": "*" },
    },
  );
  equal(noted.status, 200, noted.text);
  const prescribed = { patientId: id, lines: [LINE], notes: full };
  const prescription = await make(physician, "/v1/prescriptions", prescribed);
  await make(physician, `/v1/prescriptions/${prescription.id}/finalise`);
  await make(physician, "/v1/prescriptions", prescribed);

  const member = await make(admin, `/v1/patients/${id}/care-team`, {
    staffId: await staffId(place, "practitioner"),
    reason: `Connaît ${full}`,
  });
  await make(admin, `/v1/patients/${id}/care-team/${member.id}/remove`, {
    reason: `Ne suit plus ${full}`,
  });
  await make(admin, `/v1/patients/${id}/care-team`, {
    staffId: await staffId(place, "nurse"),
    reason: full,
  });
  await make(physician, "/v1/emergency-accesses", {
    patientId: id,
    reason: `Malaise de ${full}`,
  });
  return {
    id,
    mergedId,
    invoiceId: invoice.id,
    appointmentId: appointment.id,
    recordId: record.id,
    consentId: signed.id,
    prescriptionId: prescription.id,
    linkToken,
  };
}

/** Reads the plan and does it. @returns the certificate */
export async function erase(admin: Client, id: string): Promise<Json> {
  const plan = await admin.get(`/v1/patients/${id}/erasure-plan`);
  equal(plan.status, 200, plan.text);
  const answer = await admin.post(`/v1/patients/${id}/erasure`, undefined, {
    "if-match": plan.headers.get("etag")!,
  });
  equal(answer.status, 200, answer.text);
  return answer.body;
}

/** All the ways in which what tells who she is may stand in a dump. */
export function traces(identity: object, more: string[] = []): string[] {
  const texts = [...Object.values(identity) as string[], ...more];
  const spelled = texts.flatMap((text) => {
    const plain = text.normalize("NFD").replaceAll(/\p{M}/gu, "");
    const bare = plain.toLowerCase().replaceAll(/[^a-z0-9@.+]+/g, " ").trim();
    return [text, text.normalize("NFD"), plain, bare];
  });
  const encoded = texts.flatMap((text) => {
    const bytes = new TextEncoder().encode(text);
    return [
      bytes.toHex(),
      encodeURIComponent(text),
      JSON.stringify(text).replaceAll(
        /[^\x20-\x7e]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
      ).slice(1, -1),
      // Wherever in a text it begins, these letters of it are the same.
      ...[0, 1, 2].map((shift) =>
        bytes.subarray(
          (3 - shift) % 3,
          bytes.length - (bytes.length -
                (3 - shift) % 3) % 3,
        ).toBase64()
      ),
    ];
  });
  // Shorter, or of digits that sealed bytes have in a dump, they would be found by chance.
  return [...new Set([...spelled, ...encoded])].filter((text) =>
    text.length >= (/^[0-9a-f]+$/i.test(text) ? 14 : 7)
  );
}

/** Those that stand in a text, whatever the case. */
export function found(text: string, wanted: readonly string[]): string[] {
  const lower = text.toLowerCase();
  return wanted.filter((each) => lower.includes(each.toLowerCase()));
}

/** Wants a problem, with the status that it has. */
export function refused(answer: Answer, code: ErrorCode): void {
  assertProblem(answer, PROBLEMS[code].status, code);
}

/** All that stands in a clinic's database; what is generated is not in a dump. */
export async function everythingIn(
  world: World,
  clinic: TestClinic,
): Promise<string> {
  const { stack } = world;
  const target = {
    pgBin: pgBin(),
    worker: workerLogin(stack),
    tlsCaFile: stack.tlsCaFile,
  } as unknown as DrillTarget;
  const rows = await inClinic<{ text: string }>(
    world,
    clinic,
    sql`select query_to_xml(format('select t::text from %I.%I as t',
        table_schema, table_name), true, true, '')::text as text
      from information_schema.tables
      where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  const dump = await dumpDatabase(target, clinic.database);
  return [dump, ...rows.map(({ text }) => text)].join("\n");
}
