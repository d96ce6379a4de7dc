import { equal } from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import type { ClinicId } from "../../src/kernel/ids.ts";
import { type Answer, type Client, type Json, logIn } from "./client.ts";
import { readClinic } from "./provisioned.ts";
import { inClinic } from "./sql.ts";
import { openWorld, type TestClinic, type World } from "./world.ts";

/** Fills in who bills, as an admin would. */
export async function withBillingIdentity(
  world: World,
  clinic: TestClinic,
): Promise<void> {
  await inClinic(
    world,
    clinic,
    sql`update clinic_settings set legal_name = 'SELARL Clinique des Lilas',
      legal_form = 'Société d’exercice libéral', share_capital_cents = 1000000,
      trade_register = 'RCS Paris 732 829 320',
      document_mention = 'Membre d’une association agréée.',
      siret = '73282932000074', vat_number = 'FR44732829320',
      address_line1 = '12 rue des Lilas', postal_code = '75011',
      city = 'Paris', country_code = 'FR', phone = '+33155443322',
      email = 'facturation@lilas.example',
      iban = 'FR1420041010050500013M02606', bic = 'PSSTFRPPPAR'`,
  );
}

/** A consultation for EUR 60, exempt. */
export const CONSULTATION = {
  description: "Consultation",
  unitPriceCents: 6_000,
  vatCategory: "exempt_care",
} as const;

/** An act without therapeutic purpose for EUR 250, and 300 with VAT. */
export const INJECTION = {
  description: "Injection d’acide hyaluronique",
  unitPriceCents: 25_000,
  vatCategory: "standard",
  vatRateBasisPoints: 2_000,
  aesthetic: true,
} as const;

/** A clinic that can bill, with somebody to bill, and an admin who does it. */
export class BillingWorld implements AsyncDisposable {
  readonly world: World;
  readonly clinic: TestClinic;
  readonly admin: Client;
  readonly patientId: string;

  constructor(world: World, admin: Client, patientId: string) {
    this.world = world;
    this.clinic = world.clinic(0);
    this.admin = admin;
    this.patientId = patientId;
  }

  static async open(): Promise<BillingWorld> {
    const world = await openWorld({ clinics: 1 });
    await withBillingIdentity(world, world.clinic(0));
    const admin = await logIn(world, world.clinic(0));
    return new BillingWorld(world, admin, await newPatient(admin));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }

  /** A draft at `/v1/<kind>`, as its body. */
  async draft(
    kind: "quotes" | "invoices",
    members: object = { lines: [CONSULTATION] },
  ): Promise<Json> {
    const { patientId } = this;
    return created(
      await this.admin.post(`/v1/${kind}`, { patientId, ...members }),
    );
  }

  /** An issued invoice, as its body. */
  async invoice(members?: object): Promise<Json> {
    const { id } = await this.draft("invoices", members);
    return await this.step(`/v1/invoices/${id}/issue`);
  }

  /** A sent quote, as its body. */
  async quote(members?: object): Promise<Json> {
    const { id } = await this.draft("quotes", members);
    return await this.step(`/v1/quotes/${id}/send`);
  }

  /** A draft of a credit note, as its body. */
  async creditNote(invoiceId: string, members: object = {}): Promise<Json> {
    return created(
      await this.admin.post("/v1/credit-notes", { invoiceId, ...members }),
    );
  }

  /** Takes a step that must be allowed. */
  async step(path: string): Promise<Json> {
    const answer = await this.tryStep(path);
    equal(answer.status, 200, answer.text);
    return answer.body;
  }

  tryStep(path: string): Promise<Answer> {
    return this.admin.post(path, undefined, { "if-match": "*" });
  }

  pay(invoiceId: string, amountCents: number, more = {}): Promise<Answer> {
    return this.admin.post(`/v1/invoices/${invoiceId}/payments`, {
      amountCents,
      method: "card",
      paidOn: "2026-01-02",
      ...more,
    });
  }

  async read(path: string): Promise<Json> {
    const { status, body, text } = await this.admin.get(path);
    equal(status, 200, text);
    return body;
  }

  /** Connects as the clinic's own role: what the API itself could do at most. */
  async asClinicRole<T>(
    fn: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const { stack } = this.world;
    const { host, port, tlsCa } = stack.postgres;
    const { target } = await readClinic(stack, this.clinic.id as ClinicId);
    const connection = await Connection.open({ ...target, host, port, tlsCa });
    try {
      return await fn(connection);
    } finally {
      await connection.close();
    }
  }
}

function created({ status, body, text }: Answer): Json {
  equal(status, 201, text);
  return body;
}

export async function newPatient(client: Client): Promise<string> {
  const { id } = created(
    await client.post("/v1/patients", {
      profileStatus: "complete",
      givenNames: "Éloïse",
      familyName: "D’Ormesson",
      birthDate: "1987-04-23",
      addressLine1: "3 quai de Saône",
      postalCode: "69002",
      city: "Lyon",
      countryCode: "FR",
    }),
  );
  return id;
}
