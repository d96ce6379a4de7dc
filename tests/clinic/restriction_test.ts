import { deepEqual, equal } from "node:assert/strict";
import { Client, type Json } from "../support/client.ts";
import { booking } from "../support/appointments.ts";
import { clientOf, newPatient } from "../support/consents.ts";
import { NOTE, staffId } from "../support/records.ts";
import {
  erase,
  makeWholePerson,
  openTeam,
  refused,
  type Team,
  type WholePerson,
  ZEPHYRINE,
} from "../support/whole_person.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let team: Team;
let admin: Client;
let person: WholePerson;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  team = await openTeam(world, world.clinic(0));
  ({ admin } = team);
  person = await makeWholePerson(world, world.clinic(0), team);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function put(id: string, what: string, reason: string): Promise<Json> {
  const answer = await admin.send("PUT", `/v1/patients/${id}/${what}`, {
    body: { reason },
  });
  equal(answer.status, 200, answer.text);
  return answer.body;
}

async function lift(id: string, what: string): Promise<void> {
  const { status } = await admin.send("DELETE", `/v1/patients/${id}/${what}`);
  equal(status, 204);
}

Deno.test("restriction: it is placed, read, replaced and lifted, for all files of the person", async () => {
  const path = `/v1/patients/${person.id}/restriction`;
  refused(await admin.get(path), "not-found");
  refused(await admin.send("DELETE", path), "not-found");
  const placed = await put(person.mergedId, "restriction", "Contesté");
  equal(placed.patientId, person.id);
  equal(placed.reason, "Contesté");
  deepEqual((await admin.get(path)).body, placed);
  deepEqual(await put(person.id, "restriction", "Contesté"), placed);
  const other = await put(person.id, "restriction", "En justice");
  equal(other.reason, "En justice");
  deepEqual((await admin.get(path)).body, other);
  await lift(person.mergedId, "restriction");
  refused(await admin.get(path), "not-found");
  equal((await admin.get(`/v1/patients/${person.id}`)).status, 200);
});

Deno.test("restriction: nobody writes in the file, whatever their role", async () => {
  await put(person.id, "restriction", "Contesté");
  const { physician, from } = team;
  const { id, mergedId } = person;
  const any = { "if-match": "*" };
  const nurse = await staffId({ world, clinic: world.clinic(0) }, "nurse");
  const attempts: [string, () => ReturnType<Client["post"]>][] = [
    ["change", () => admin.patch(`/v1/patients/${id}`, { city: "X" }, "*")],
    ["change of nothing", () => admin.patch(`/v1/patients/${id}`, {}, "*")],
    [
      "archive",
      () => admin.post(`/v1/patients/${id}/archive`, undefined, any),
    ],
    [
      "restore",
      () => admin.post(`/v1/patients/${id}/restore`, undefined, any),
    ],
    [
      "separate",
      () => admin.post(`/v1/patients/${mergedId}/separate`, undefined, any),
    ],
    [
      "erase",
      () => admin.post(`/v1/patients/${id}/erasure`, undefined, any),
    ],
    [
      "book",
      () =>
        admin.post(
          "/v1/appointments",
          booking({ ...from, patientId: id }, {
            startsAt: "2031-03-26T09:00:00Z",
            outsideHours: true,
          }),
        ),
    ],
    [
      "cancel",
      () =>
        admin.post(`/v1/appointments/${person.appointmentId}/cancel`, {}, any),
    ],
    ["bill", () => admin.post("/v1/invoices", { patientId: id })],
    [
      "pay",
      () =>
        admin.post(`/v1/invoices/${person.invoiceId}/payments`, {
          amountCents: 1,
          method: "card",
          paidOn: "2026-01-02",
        }),
    ],
    [
      "credit",
      () => admin.post("/v1/credit-notes", { invoiceId: person.invoiceId }),
    ],
    [
      "record",
      () => physician.post("/v1/records", { ...NOTE, patientId: id }),
    ],
    [
      "amend",
      () =>
        physician.post(`/v1/records/${person.recordId}/amend`, {
          reason: "R",
          text: "T",
        }, any),
    ],
    [
      "cancel a prescription",
      () =>
        physician.post(`/v1/prescriptions/${person.prescriptionId}/cancel`, {
          reason: "R",
        }, any),
    ],
    [
      "withdraw",
      () =>
        admin.post(`/v1/consents/${person.consentId}/withdraw`, {
          reason: "R",
        }, any),
    ],
    [
      "send a link",
      () =>
        admin.post(`/v1/consents/${person.consentId}/links`, {
          delivery: "hand",
        }),
    ],
    [
      "add to the team",
      () =>
        admin.post(`/v1/patients/${id}/care-team`, {
          staffId: nurse,
          reason: "R",
        }),
    ],
    [
      "break the glass",
      () =>
        physician.post("/v1/emergency-accesses", {
          patientId: id,
          reason: "R",
        }),
    ],
  ];
  for (const [name, attempt] of attempts) {
    const answer = await attempt();
    equal(answer.body?.type, "/problems/processing-restricted", name);
    equal(answer.status, 403, name);
  }
  refused(
    await new Client(world.url).post("/v1/consent-links/open", {
      token: person.linkToken,
    }),
    "invalid-link",
  );
});

Deno.test("restriction: only who may see restricted files reads them, alone and in lists", async () => {
  const { physician } = team;
  const secretary = await clientOf(world, world.clinic(0), "secretary");
  const { id } = person;
  for (
    const path of [
      `/v1/patients/${id}`,
      `/v1/patients/${id}/timeline`,
      `/v1/patients/${id}/duplicates`,
      `/v1/patients/${id}/care-team`,
      `/v1/appointments/${person.appointmentId}`,
      `/v1/invoices/${person.invoiceId}`,
      `/v1/invoices/${person.invoiceId}/pdf`,
      `/v1/invoices/${person.invoiceId}/payments`,
      `/v1/records/${person.recordId}`,
      `/v1/records?patientId=${id}`,
      `/v1/prescriptions/${person.prescriptionId}`,
      `/v1/consents/${person.consentId}`,
      `/v1/consents/${person.consentId}/evidence`,
    ]
  ) {
    const answer = await physician.get(path);
    equal(answer.body?.type, "/problems/processing-restricted", path);
  }
  const days = "from=2031-03-24&to=2031-03-25";
  for (
    const path of [
      "/v1/patients?status=all",
      `/v1/appointments?${days}`,
      `/v1/invoices?patientId=${id}`,
      "/v1/quotes",
      "/v1/records",
      "/v1/prescriptions",
      "/v1/consents",
      "/v1/emergency-accesses",
    ]
  ) {
    const { status, text } = await physician.get(path);
    equal(status, 200, text);
    equal(text.includes(person.id), false, path);
    equal(text.includes(person.mergedId), false, path);
  }
  const search = { name: ZEPHYRINE.familyName, status: "all" };
  const found = await secretary.post("/v1/patients/search", search);
  deepEqual(found.body.data, []);

  equal((await admin.get(`/v1/patients/${id}`)).status, 200);
  equal((await admin.post("/v1/patients/search", search)).body.data.length, 1);
  equal((await admin.get(`/v1/appointments?${days}`)).body.data.length, 2);
  equal((await admin.get(`/v1/invoices/${person.invoiceId}`)).status, 200);
  await lift(id, "restriction");
  equal((await physician.get(`/v1/records/${person.recordId}`)).status, 200);
});

Deno.test("restriction: a file that is restricted is not merged into another", async () => {
  const [one, other] = [await newPatient(admin), await newPatient(admin)];
  await put(one, "restriction", "Contesté");
  for (const [kept, merged] of [[one, other], [other, one]]) {
    refused(
      await admin.post(`/v1/patients/${kept}/merge`, { patientId: merged }, {
        "if-match": "*",
      }),
      "processing-restricted",
    );
  }
  await lift(one, "restriction");
});

Deno.test("legal hold: as long as it holds, the person is not erased, and work goes on", async () => {
  const path = `/v1/patients/${person.id}/legal-hold`;
  refused(await admin.get(path), "not-found");
  const placed = await put(person.mergedId, "legal-hold", "Procédure 26/1204");
  deepEqual((await admin.get(path)).body, placed);
  const plan = await admin.get(`/v1/patients/${person.id}/erasure-plan`);
  equal(plan.body.legalHold, true);
  const again = { "if-match": plan.headers.get("etag")! };
  refused(
    await admin.post(`/v1/patients/${person.id}/erasure`, undefined, again),
    "legal-hold",
  );
  const changed = await admin.patch(
    `/v1/patients/${person.id}`,
    { city: "Lyon" },
    "*",
  );
  equal(changed.status, 200, changed.text);
  await lift(person.id, "legal-hold");
  refused(await admin.send("DELETE", path), "not-found");
  await erase(admin, person.id);
  refused(
    await admin.send("PUT", path, { body: { reason: "R" } }),
    "not-found",
  );
});

Deno.test("legal hold: it stays with a file that is merged into another", async () => {
  const [kept, merged] = [await newPatient(admin), await newPatient(admin)];
  await put(merged, "legal-hold", "Procédure");
  const any = { "if-match": "*" };
  const body = { patientId: merged };
  equal(
    (await admin.post(`/v1/patients/${kept}/merge`, body, any)).status,
    200,
  );
  refused(
    await admin.post(`/v1/patients/${kept}/erasure`, undefined, any),
    "legal-hold",
  );
  await lift(kept, "legal-hold");
});

Deno.test("restriction and legal hold: only admins place, read and lift them", async () => {
  const { physician } = team;
  const id = await newPatient(admin);
  for (const what of ["restriction", "legal-hold"]) {
    const path = `/v1/patients/${id}/${what}`;
    refused(await physician.get(path), "permission-denied");
    refused(await physician.send("DELETE", path), "permission-denied");
    refused(
      await physician.send("PUT", path, { body: { reason: "R" } }),
      "permission-denied",
    );
  }
});
