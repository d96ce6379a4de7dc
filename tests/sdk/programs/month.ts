/**
 * A month in a clinic, from the day it opens: people are hired, patients come, are quoted, consent, are treated and pay;
 * one practitioner leaves. Prints what it made, as JSON.
 */
import { readdir, readFile } from "node:fs/promises";
import {
  type CloisonClient,
  createClient,
  paginate,
  ProblemError,
  unwrap,
} from "@cloison/client";

const { API_URL, CLINIC, EMAIL, PASSWORD, OUTBOX } = process.env as Record<
  string,
  string
>;

/** Names that must never be seen in another clinic. */
const mark = `Q${CLINIC!.replace(/[^a-z0-9]/g, "")}`;
const anonymous = createClient({ baseUrl: API_URL! });

async function logIn(email: string, password: string): Promise<CloisonClient> {
  const { accessToken } = await unwrap(anonymous.POST("/v1/auth/login", {
    body: { clinic: CLINIC!, email, password },
  }));
  return createClient({ baseUrl: API_URL!, accessToken });
}

/** The token in the newest letter to somebody. */
async function mailedToken(to: string): Promise<string> {
  for (let tries = 0; tries < 500; tries++) {
    const names = (await readdir(OUTBOX!)).filter((name) =>
      name.endsWith(".json")
    );
    for (const name of names.sort().reverse()) {
      const letter = JSON.parse(await readFile(`${OUTBOX}/${name}`, "utf8"));
      const token = /#token=(\S+)/.exec(letter.text)?.[1];
      if (letter.to === to && token !== undefined) return token;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`No letter came to ${to}`);
}

function ifMatch({ version }: { readonly version: number }) {
  return { "If-Match": `"${version}"` };
}

/** What the API calls a refusal. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.type;
    throw error;
  }
  return "none";
}

const admin = await logIn(EMAIL!, PASSWORD!);

// The clinic opens.
const settings = await unwrap(admin.GET("/v1/clinic/settings"));
const weekdays = [{ start: "08:00", end: "19:00" }];
await unwrap(admin.PATCH("/v1/clinic/settings", {
  params: { header: ifMatch(settings) },
  body: {
    timeZone: "Europe/Paris",
    openingHours: {
      monday: weekdays,
      tuesday: weekdays,
      wednesday: weekdays,
      thursday: weekdays,
      friday: weekdays,
      saturday: [],
      sunday: [],
    },
    billing: {
      legalName: `SELARL ${mark}`,
      siret: "73282932000074",
      addressLine1: "12 rue de la République",
      postalCode: "69002",
      city: "Lyon",
      countryCode: "FR",
    },
  },
}));

// Two people are hired, and follow the links that were mailed to them.
async function hire(role: "physician" | "secretary", familyName: string) {
  const email = `${role}.${mark}@clinic.test`.toLowerCase();
  const password = `staple battery horse ${role}`;
  const member = await unwrap(admin.POST("/v1/staff/invitations", {
    body: { email, givenNames: "Camille", familyName, role },
  }));
  const token = await mailedToken(email);
  await anonymous.POST("/v1/auth/invitations/accept", {
    body: { token, password },
  });
  return { member, client: await logIn(email, password) };
}
const physician = await hire("physician", `Besson${mark}`);
const secretary = await hire("secretary", `Colin${mark}`);
const desk = secretary.client;

const practitioners = [];
for (const familyName of [`Besson${mark}`, `Partant${mark}`]) {
  const practitioner = await unwrap(admin.POST("/v1/practitioners", {
    body: { givenNames: "Camille", familyName, profession: "physician" },
  }));
  const params = { path: { id: practitioner.id } };
  const availability = await unwrap(
    admin.GET("/v1/practitioners/{id}/availability", { params }),
  );
  const hours = [
    { start: "09:00", end: "12:00" },
    { start: "14:00", end: "18:00" },
  ];
  await unwrap(admin.PUT("/v1/practitioners/{id}/availability", {
    params: { ...params, header: ifMatch(availability) },
    body: {
      hours: {
        monday: hours,
        tuesday: hours,
        wednesday: hours,
        thursday: hours,
        friday: hours,
        saturday: [],
        sunday: [],
      },
    },
  }));
  practitioners.push(practitioner);
}
const [stays, leaves] = practitioners as [
  typeof practitioners[0],
  typeof practitioners[0],
];
const type = await unwrap(admin.POST("/v1/appointment-types", {
  body: { name: "Consultation", durationMinutes: 30 },
}));
const room = await unwrap(admin.POST("/v1/resources", {
  body: { name: `Salle ${mark}`, kind: "room" },
}));

// Patients come.
const patients = [];
for (let n = 0; n < 12; n++) {
  patients.push(
    await unwrap(desk.POST("/v1/patients", {
      body: {
        profileStatus: "complete",
        givenNames: `Zoë ${n}`,
        familyName: `Le Goff${mark}`,
        birthDate: `19${50 + n}-04-23`,
        email: `patient${n}.${mark}@example.org`.toLowerCase(),
      },
    })),
  );
}
const patient = patients[0]!;

// A month of visits, one each working day in what is free, and a series.
const from = new Date(Date.now() + 86_400_000);
const to = new Date(from.getTime() + 30 * 86_400_000);
async function freeTimes(practitioner: { readonly id: string }) {
  const slots = paginate((cursor) =>
    desk.GET("/v1/practitioners/{id}/slots", {
      params: {
        path: { id: practitioner.id },
        query: {
          from: from.toISOString().slice(0, 10),
          to: to.toISOString().slice(0, 10),
          appointmentTypeId: type.id,
          limit: 100,
          ...(cursor ? { cursor } : {}),
        },
      },
    })
  );
  const times: string[] = [];
  for await (const { startsAt } of slots) times.push(startsAt);
  return times;
}

const times = await freeTimes(stays);
const days = new Map(times.map((time) => [time.slice(0, 10), time]));
const visits = [];
for (const startsAt of days.values()) {
  visits.push(
    await unwrap(desk.POST("/v1/appointments", {
      body: {
        patientId: patients[visits.length % patients.length]!.id,
        practitionerId: stays.id,
        typeId: type.id,
        startsAt,
        resourceIds: [room.id],
        note: `Vient pour ${mark}`,
      },
    })),
  );
}
const first = visits[0]!;
const taken = await refusal(unwrap(desk.POST("/v1/appointments", {
  body: {
    patientId: patients[5]!.id,
    practitionerId: stays.id,
    typeId: type.id,
    startsAt: first.startsAt,
  },
})));
const others = await freeTimes(leaves);
const series = await unwrap(desk.POST("/v1/appointment-groups", {
  body: {
    patientId: patient.id,
    appointments: [others[0]!, others.at(-1)!].map((startsAt) => ({
      practitionerId: leaves.id,
      typeId: type.id,
      startsAt,
    })),
  },
}));

// Each visit takes its course.
async function move(
  visit: { id: string; version: number },
  step: "confirm" | "start" | "complete" | "no-show",
) {
  return await unwrap(desk.POST(`/v1/appointments/{id}/${step}`, {
    params: { path: { id: visit.id }, header: ifMatch(visit) },
  }));
}
const done = await move(
  await move(await move(first, "confirm"), "start"),
  "complete",
);
await move(visits[1]!, "no-show");
const finished = await refusal(move(done, "start"));

// The physician writes down what was found, signs it, adds to it, and prescribes.
const doctor = physician.client;
const opened = await unwrap(doctor.POST("/v1/records", {
  body: {
    patientId: patient.id,
    kind: "consultation",
    date: new Date().toISOString().slice(0, 10),
    title: "Consultation",
    text: `TA < 120/80 > 70, ${mark}`,
  },
}));
const record = await unwrap(doctor.POST("/v1/records/{id}/sign", {
  params: { path: { id: opened.id }, header: ifMatch(opened) },
}));
const locked = await refusal(unwrap(doctor.PATCH("/v1/records/{id}", {
  params: { path: { id: opened.id }, header: ifMatch(record) },
  body: { text: "Autre chose" },
})));
const amended = await unwrap(doctor.POST("/v1/records/{id}/amend", {
  params: { path: { id: opened.id }, header: ifMatch(record) },
  body: { reason: "Oubli", text: "Allergie à la pénicilline" },
}));
const drafted = await unwrap(doctor.POST("/v1/prescriptions", {
  body: {
    patientId: patient.id,
    lines: [{
      medication: "Paracétamol 1 g, comprimé",
      dosage: "1 comprimé 3 fois par jour",
      duration: "5 jours",
      notSubstitutable: false,
    }],
  },
}));
await unwrap(doctor.POST("/v1/prescriptions/{id}/finalise", {
  params: { path: { id: drafted.id }, header: ifMatch(drafted) },
}));
const behindDesk = await refusal(unwrap(desk.GET("/v1/records/{id}", {
  params: { path: { id: opened.id } },
})));

// A consent, signed by the patient with the mailed link, and withdrawn.
const template = await unwrap(admin.POST("/v1/consent-templates", {
  body: {
    code: "images",
    kind: "images",
    texts: [{ language: "fr", title: "Photographies", body: `Je ${mark}.` }],
  },
}));
await unwrap(admin.POST("/v1/consent-templates/{id}/publish", {
  params: { path: { id: template.id }, header: ifMatch(template) },
}));
const consent = await unwrap(desk.POST("/v1/consents", {
  body: { patientId: patient.id, templateId: template.id, language: "fr" },
}));
await unwrap(desk.POST("/v1/consents/{id}/links", {
  params: { path: { id: consent.id } },
  body: { delivery: "mail" },
}));
const signer = { name: "Zoë Le Goff", capacity: "patient" as const };
const token = await mailedToken(patient.email!);
await unwrap(anonymous.POST("/v1/consent-links/open", { body: { token } }));
await unwrap(anonymous.POST("/v1/consent-links/sign", {
  body: { token, accepted: true, signer },
}));
const again = await refusal(unwrap(anonymous.POST("/v1/consent-links/sign", {
  body: { token, accepted: true, signer },
})));
const signed = await unwrap(desk.GET("/v1/consents/{id}", {
  params: { path: { id: consent.id } },
}));
const withdrawn = await unwrap(desk.POST("/v1/consents/{id}/withdraw", {
  params: { path: { id: consent.id }, header: ifMatch(signed) },
  body: { signer, reason: "Ne souhaite plus" },
}));

// A quote becomes an invoice, which is paid in part and corrected in part.
const item = await unwrap(admin.POST("/v1/catalogue/items", {
  body: {
    kind: "service",
    title: "Consultation",
    unitPriceCents: 6_000,
    vatCategory: "exempt_care",
    vatRateBasisPoints: 0,
  },
}));
const draft = await unwrap(desk.POST("/v1/quotes", {
  body: {
    patientId: patient.id,
    lines: [{ catalogueItemId: item.id, quantity: "2" }],
    note: `Devis ${mark}`,
  },
}));
const sellerOfDraft = draft.seller;
const sent = await unwrap(desk.POST("/v1/quotes/{id}/send", {
  params: { path: { id: draft.id }, header: ifMatch(draft) },
}));
const accepted = await unwrap(desk.POST("/v1/quotes/{id}/accept", {
  params: { path: { id: draft.id }, header: ifMatch(sent) },
}));
const converted = await unwrap(desk.POST("/v1/quotes/{id}/convert", {
  params: { path: { id: draft.id }, header: ifMatch(accepted) },
}));
const invoice = await unwrap(desk.POST("/v1/invoices/{id}/issue", {
  params: { path: { id: converted.id }, header: ifMatch(converted) },
}));
const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Paris" })
  .format(new Date());
await unwrap(desk.POST("/v1/invoices/{id}/payments", {
  params: { path: { id: invoice.id } },
  body: { amountCents: 5_000, method: "card", paidOn: today },
}));
const tooMuch = await refusal(unwrap(desk.POST("/v1/invoices/{id}/payments", {
  params: { path: { id: invoice.id } },
  body: { amountCents: 7_001, method: "card", paidOn: today },
})));
const credit = await unwrap(desk.POST("/v1/credit-notes", {
  body: {
    invoiceId: invoice.id,
    lines: [{
      description: "Geste commercial",
      quantity: "1",
      unitPriceCents: 1_000,
      vatCategory: "exempt_care",
      vatRateBasisPoints: 0,
    }],
  },
}));
await unwrap(desk.POST("/v1/credit-notes/{id}/issue", {
  params: { path: { id: credit.id }, header: ifMatch(credit) },
}));
const owed = await unwrap(desk.GET("/v1/invoices/{id}", {
  params: { path: { id: invoice.id } },
}));

// One practitioner leaves, once nobody expects them any more; the person's account is closed.
async function archive(version: number) {
  return await unwrap(admin.POST("/v1/practitioners/{id}/archive", {
    params: { path: { id: leaves.id }, header: ifMatch({ version }) },
  }));
}
const expected = await refusal(archive(leaves.version));
const cancelled = await unwrap(
  desk.POST("/v1/appointment-groups/{id}/cancel", {
    params: { path: { id: series.id }, header: ifMatch(series) },
    body: { reason: "Départ du praticien" },
  }),
);
const gone = await archive(leaves.version);

const timeline = [];
for await (
  const { kind, state } of paginate((cursor) =>
    doctor.GET("/v1/patients/{id}/timeline", {
      params: {
        path: { id: patient.id },
        query: { limit: 3, ...(cursor ? { cursor } : {}) },
      },
    })
  )
) timeline.push(`${kind} ${state}`);

console.log(JSON.stringify({
  mark,
  patients: patients.map(({ id }) => id),
  visits: visits.length,
  taken,
  finished,
  locked,
  amendments: amended.amendments.length,
  behindDesk,
  again,
  withdrawn: withdrawn.state,
  sellerOfDraft,
  invoice: invoice.number,
  tooMuch,
  owed: [owed.state, owed.dueCents],
  expected,
  cancelled: cancelled.appointments.map(({ state }) => state),
  gone: gone.archivedAt !== null,
  timeline: timeline.sort(),
}));
