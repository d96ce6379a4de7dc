import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { createHash } from "node:crypto";
import { sql } from "../../src/db/sql.ts";
import { book, bookable, booking } from "../support/appointments.ts";
import { CONSULTATION, withBillingIdentity } from "../support/billing.ts";
import { type Client, type Json, logIn } from "../support/client.ts";
import {
  clientOf,
  DRAWN,
  make,
  newPatient,
  PNG,
  publishedTemplate,
} from "../support/consents.ts";
import {
  exportIn,
  fetchArchive,
  handedExportLink,
  jsonOf,
  requestedExport,
  unpack,
  type Unpacked,
} from "../support/exports.ts";
import { DocumentValidator } from "../support/openapi_validator.ts";
import { readPdf } from "../support/pdf_text.ts";
import { LINE, NOTE, staffId } from "../support/records.ts";
import { inCentral, inClinic } from "../support/sql.ts";
import { openWorld, type TestClinic, type World } from "../support/world.ts";

const NIR = "295109912611193";
const OTHER_NIR = "287046912300141";
/** Nobody of these is the patient. */
const OTHERS = [
  "Xanthippe",
  "Quinquet",
  "Zweistein",
  "Témouin",
  "Tutrice",
  "Prochaine",
  "+33612345601",
];

const SUMMARY = {
  bloodGroup: "O+",
  allergyStatus: "known",
  allergies: [{ substance: "Amoxicilline", reaction: null, severity: null }],
  history: [],
  medications: [],
  notes: null,
};

let world: World;

Deno.test.beforeAll(async () => {
  world = await openWorld();
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** A patient with something of every kind, in two files, beside another patient with as much. @returns the first file */
async function fullFile(clinic: TestClinic): Promise<string> {
  await withBillingIdentity(world, clinic);
  await inClinic(
    world,
    clinic,
    sql`update staff set family_name = 'Zweistein'`,
  );
  const admin = await clientOf(world, clinic, "admin");
  const patientId = await newPatient(admin, {
    nir: NIR,
    emergencyContactName: "Ursule Prochaine",
    emergencyContactPhone: "+33612345601",
    emergencyContactRelation: "sœur",
  });
  const otherId = await newPatient(admin, {
    givenNames: "Xanthippe",
    familyName: "Quinquet",
    nir: OTHER_NIR,
  });
  const merged = await newPatient(admin, { email: "zoe@clinic.test" });
  await fill(clinic, merged, { text: "Noté dans l'ancien dossier." });
  await fill(clinic, otherId, { text: "Xanthippe Quinquet va bien." });
  await fill(clinic, patientId, NOTE);
  await make(admin, `/v1/patients/${patientId}/merge`, { patientId: merged });
  return patientId;
}

async function fill(
  clinic: TestClinic,
  patientId: string,
  note: object,
): Promise<void> {
  const [admin, physician] = await Promise.all([
    clientOf(world, clinic, "admin"),
    clientOf(world, clinic, "physician"),
  ]);
  const from = { ...await bookable(world, clinic), patientId };
  await book(
    admin,
    booking(from, { startsAt: "2026-03-23T09:00:00Z", note: "Première" }),
  );
  const { id: invoice } = await make(admin, "/v1/invoices", {
    patientId,
    lines: [CONSULTATION],
  });
  await make(admin, `/v1/invoices/${invoice}/issue`);
  await make(admin, `/v1/invoices/${invoice}/payments`, {
    amountCents: 1_000,
    method: "card",
    paidOn: "2026-01-02",
  });
  await make(admin, "/v1/quotes", { patientId, lines: [CONSULTATION] });
  await sign(admin, physician, patientId);
  const summary = await physician.send(
    "PUT",
    `/v1/patients/${patientId}/medical-summary`,
    { body: SUMMARY, headers: { "if-match": "*" } },
  );
  equal(summary.status, 200, summary.text);
  const record = await make(physician, "/v1/records", {
    ...NOTE,
    patientId,
    ...note,
  });
  await make(physician, `/v1/records/${record.id}/sign`);
  await make(physician, `/v1/records/${record.id}/amend`, {
    reason: "Résultat reçu.",
    text: "Normal.",
  });
  const prescription = await make(physician, "/v1/prescriptions", {
    patientId,
    lines: [LINE],
  });
  await make(physician, `/v1/prescriptions/${prescription.id}/finalise`);
  await make(admin, `/v1/patients/${patientId}/care-team`, {
    staffId: await staffId({ world, clinic }, "nurse"),
    reason: "Pansements.",
  });
  await make(physician, "/v1/emergency-accesses", {
    patientId,
    reason: "Malaise.",
  });
}

async function sign(
  admin: Client,
  physician: Client,
  patientId: string,
): Promise<void> {
  const template = await publishedTemplate(admin);
  const asked = { patientId, templateId: template.id, language: "fr" };
  const own = await make(admin, "/v1/consents", asked);
  await make(physician, `/v1/consents/${own.id}/sign`, {
    ...DRAWN,
    witness: "Nadia Témouin",
  });
  const others = await make(admin, "/v1/consents", asked);
  await make(physician, `/v1/consents/${others.id}/sign`, {
    ...DRAWN,
    signer: { name: "Ulrike Tutrice", capacity: "guardian" },
  });
}

/** Everything from asking to opening. */
async function exported(
  clinic: TestClinic,
  patientId: string,
): Promise<{ files: Map<string, Unpacked>; archive: Uint8Array; made: Json }> {
  const admin = await clientOf(world, clinic, "admin");
  const place = { world, clinic };
  const { id, passphrase } = await requestedExport(place, patientId);
  const made = await exportIn(admin, id);
  const token = await handedExportLink(admin, id);
  const response = await fetchArchive(world.url, token);
  equal(response.status, 200);
  equal(response.headers.get("content-type"), "application/zip");
  equal(response.headers.get("content-length"), String(made.sizeBytes));
  equal(
    response.headers.get("content-disposition"),
    `attachment; filename="export-${made.madeAt.slice(0, 10)}.zip"`,
  );
  ok(response.headers.get("cache-control")?.includes("no-store"));
  const archive = await response.bytes();
  equal(sha256(archive), made.archiveHash);
  return { files: await unpack(archive, passphrase), archive, made };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

Deno.test("exports: an archive has everything of a patient, as its schemas and its manifest say, and nobody else", async () => {
  const clinic = world.clinic(0);
  const patientId = await fullFile(clinic);
  const { files, archive, made } = await exported(clinic, patientId);
  assertManifest(files, made);
  assertSchemas(files);
  assertContents(files, patientId);
  await assertPrints(files);
  const all = textOf(files);
  for (const other of [...OTHERS, OTHER_NIR]) {
    ok(!all.includes(other), `${other} is in the archive`);
  }
  ok(all.includes(NIR));
  // Encrypted, all of it; and not with any passphrase.
  for (const { path, aesStrength } of files.values()) {
    equal(aesStrength, 3, path);
  }
  ok(!new TextDecoder("latin1").decode(archive).includes("Le Goff"));
  await rejects(unpack(archive, "00000-00000-00000-00000-00000-00000"));
});

Deno.test("exports: the same person's file in another clinic has only what that clinic has", async () => {
  const clinic = world.clinic(1);
  const admin = await clientOf(world, clinic, "admin");
  const patientId = await newPatient(admin, { nir: NIR });
  const { files } = await exported(clinic, patientId);
  deepEqual(jsonOf(files, "patient.json").length, 1);
  deepEqual(jsonOf(files, "records.json"), []);
  assertSchemas(files);
  const all = textOf(files);
  for (const id of [world.clinic(0).id, "Noté dans l'ancien dossier."]) {
    ok(!all.includes(id), `${id} is in the archive`);
  }
});

function textOf(files: Map<string, Unpacked>): string {
  return [...files.values()].map(({ bytes }) =>
    new TextDecoder("latin1").decode(bytes) + new TextDecoder().decode(bytes)
  ).join("\n");
}

function assertManifest(files: Map<string, Unpacked>, made: Json): void {
  const manifest = jsonOf(files, "manifest.json");
  equal(manifest.format, "cloison-patient-export");
  equal(manifest.formatVersion, 1);
  equal(manifest.exportId, made.id);
  equal(manifest.patientId, made.patientId);
  deepEqual(
    manifest.files.map(({ path }: Json) => path).sort(),
    [...files.keys()].filter((path) => path !== "manifest.json").sort(),
  );
  for (const { path, sizeBytes, sha256: hash } of manifest.files) {
    const { bytes } = files.get(path)!;
    equal(bytes.length, sizeBytes, path);
    equal(sha256(bytes), hash, path);
  }
}

function assertSchemas(files: Map<string, Unpacked>): void {
  const validator = new DocumentValidator({ components: { schemas: {} } });
  const names = [...files.keys()].flatMap((path) =>
    /^schemas\/(.+)$/.exec(path)?.slice(1, 2) ?? []
  );
  ok(names.length >= 10);
  for (const name of names) {
    const check = validator.of(jsonOf(files, `schemas/${name}`));
    equal(check(jsonOf(files, name)), undefined, name);
    ok(check([{}]) !== undefined, `${name} may be anything`);
  }
}

function assertContents(files: Map<string, Unpacked>, patientId: string): void {
  const patients = jsonOf(files, "patient.json");
  equal(patients.length, 2);
  equal(patients[0].id, patientId);
  equal(patients[0].nir, NIR);
  equal(patients[0].emergencyContactRelation, "sœur");
  equal(patients[1].mergedInto, patientId);
  const summaries = jsonOf(files, "medical_summaries.json");
  equal(summaries.length, 2);
  deepEqual(summaries[0].allergies, SUMMARY.allergies);
  const appointments = jsonOf(files, "appointments.json");
  deepEqual(
    appointments.map(({ note, type }: Json) => [note, type]),
    [["Première", "Consultation"], ["Première", "Consultation"]],
  );
  const documents = jsonOf(files, "documents.json");
  equal(documents.length, 4);
  const [invoice] = documents.filter(({ kind }: Json) => kind === "invoice");
  equal(invoice.lines[0].description, CONSULTATION.description);
  equal(invoice.payments[0].amountCents, 1_000);
  const consents = jsonOf(files, "consents.json");
  equal(consents.length, 4);
  const signatures = consents.map(({ events }: Json) => events.at(-1));
  deepEqual(
    signatures.slice(0, 2).map((
      { signer, image, witnessed, staff }: Json,
    ) => [signer, image, witnessed, /^staff-/.test(staff)]),
    [
      [DRAWN.signer, PNG, true, true],
      [{ name: null, capacity: "guardian" }, null, false, true],
    ],
  );
  const records = jsonOf(files, "records.json");
  deepEqual(
    records.map(({ text }: Json) => text),
    ["Noté dans l'ancien dossier.", NOTE.text],
  );
  equal(records[1].amendments[0].text, "Normal.");
  const prescriptions = jsonOf(files, "prescriptions.json");
  equal(prescriptions.length, 2);
  equal(prescriptions[0].lines[0].medication, LINE.medication);
  equal(jsonOf(files, "care_team.json")[0].reason, "Pansements.");
  equal(jsonOf(files, "emergency_accesses.json")[0].reason, "Malaise.");
  const roles = jsonOf(files, "staff.json");
  const roleOf = (name: string) =>
    roles.find(({ staff }: Json) => staff === name)?.role;
  equal(roleOf(records[1].author), "physician");
  const accesses = jsonOf(files, "accesses.json");
  const asked = accesses.find(({ action }: Json) =>
    action === "export.request"
  );
  equal(roleOf(asked.by), "admin");
  ok(accesses.some(({ action }: Json) => action === "record.sign"));
}

async function assertPrints(files: Map<string, Unpacked>): Promise<void> {
  const documents = jsonOf(files, "documents.json");
  const prints = documents.filter(({ number }: Json) => number !== null);
  equal(prints.length, 2);
  for (const { number, pdf } of prints) {
    equal(pdf, `documents/${number}.pdf`);
    const { text } = await readPdf(files.get(pdf)!.bytes);
    ok(text.includes(number));
  }
}

Deno.test("exports: nothing of it is stored in the clear, and every step is on the trail", async () => {
  const clinic = world.clinic(0);
  const admin = await logIn(world, clinic);
  const patientId = await newPatient(admin);
  const { id, passphrase } = await requestedExport(
    { world, clinic },
    patientId,
  );
  await exportIn(admin, id);
  const token = await handedExportLink(admin, id);
  equal(
    (await (await fetchArchive(world.url, token)).bytes()).length > 0,
    true,
  );
  const rows = await inClinic<Json>(
    world,
    clinic,
    sql`select to_jsonb(e)::text as export, (select string_agg(
        encode(content_sealed, 'escape'), '') from patient_export_chunks
        where export_id = e.id) as chunks
      from patient_exports e where id = ${id}`,
  );
  const stored = JSON.stringify(rows);
  ok(!stored.includes(passphrase) && !stored.includes("manifest.json"));
  equal(JSON.parse(rows[0].export).passphrase_sealed, null);
  ok(!world.logLines.some((line) => line.includes(passphrase)));
  const steps = new Set<string>();
  for (let tries = 0; tries < 100 && !steps.has("export.fetch"); tries++) {
    const lines = await inCentral<{ action: string; role: string }>(
      world,
      sql`select action, role from audit_log
        where entity_id = ${id} and patient_id = ${patientId}`,
    );
    for (const { action } of lines) steps.add(action);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  deepEqual([...steps].sort(), [
    "export.fetch",
    "export.make",
    "export.request",
    "export.send-link",
    "export.view",
  ]);
});
