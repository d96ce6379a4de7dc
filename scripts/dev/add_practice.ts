import {
  APPOINTMENT_TYPES,
  NOTES,
  OPENING,
  RESOURCES,
  WEEKS,
} from "../seed/practice.ts";
import { type Random, seededRandom } from "../seed/places.ts";
import { DemoApi, type DemoLogin, eachOf, type Json } from "./demo_api.ts";
import type { DevClinic } from "./dev_file.ts";
import { DEMO_CLINICS } from "./demo_clinics.ts";
import { addCareTeams, addMedicalSummaries, addRecords } from "./add_care.ts";
import { addConsents, addDocuments } from "./add_paperwork.ts";
import { CONCURRENCY, pick, type Practice, today } from "./demo_practice.ts";

const DAYS_BEFORE = 14;
const DAYS_AFTER = 14;
/** Every so manieth free time of a practitioner is booked. */
const EVERY = 5;

/**
 * Gives a demo clinic that has patients a month of life, the way its staff would: hours, practitioners, appointments,
 * records, consents, quotes and invoices, through the API.
 * @throws {Error} with the API's own words, when it refuses something
 */
export async function addPractice(
  api: string,
  clinic: DevClinic,
  signal: AbortSignal,
): Promise<void> {
  async function as(role: string): Promise<DemoApi> {
    const user = clinic.users.find((user) => user.role === role);
    if (!user) throw new Error(`Cannot add demo data: there is no ${role}`);
    const { email, password } = user;
    const login: DemoLogin = {
      api,
      clinic: clinic.slug,
      email,
      password,
      signal,
    };
    return await DemoApi.open(login);
  }
  const [admin, secretary, physician] = await Promise.all(
    ["admin", "secretary", "physician"].map(as),
  ) as [DemoApi, DemoApi, DemoApi];
  const page = await admin.get("/v1/patients?limit=100&sort=createdAt");
  const practice: Practice = {
    admin,
    secretary,
    physician,
    clinic,
    random: seededRandom(`practice of ${clinic.slug}`),
    patients: page.data,
  };
  await openPractice(practice);
  await Promise.all([
    addAppointments(practice).then(() => addSeries(practice)),
    addMedicalSummaries(practice),
    addCareTeams(practice),
    addRecords(practice),
    addConsents(practice),
    addDocuments(practice),
  ]);
}

async function openPractice({ admin, clinic }: Practice): Promise<void> {
  const settings = await admin.get("/v1/clinic/settings");
  await admin.change("PATCH", "/v1/clinic/settings", settings, {
    openingHours: OPENING,
    billing: {
      legalName: `SELARL ${clinic.name}`,
      siret: "73282932000074",
      vatNumber: "FR44732829320",
      addressLine1: "12 rue de la République",
      postalCode: "69002",
      city: "Lyon",
      countryCode: "FR",
      legalForm: "Société d'exercice libéral à responsabilité limitée",
      shareCapitalCents: 1_000_000,
      tradeRegister: "RCS Lyon 732 829 320",
      documentMention:
        "Membre d'une association agréée, le règlement par chèque est accepté.",
      email: `facturation@${clinic.slug}.example`,
      phone: DEMO_CLINICS.find(({ slug }) => slug === clinic.slug)!.phone,
      iban: "FR1420041010050500013M02606",
      bic: "PSSTFRPPLYO",
    },
  });
  await admin.post("/v1/clinic/closed-days", {
    firstDay: today(30),
    lastDay: today(31),
    reason: "Formation",
  });
  await Promise.all([
    eachOf(APPOINTMENT_TYPES, 2, async (type) => {
      await admin.post("/v1/appointment-types", type);
    }),
    eachOf(RESOURCES, 2, async (resource) => {
      await admin.post("/v1/resources", resource);
    }),
    addPractitioners(admin, clinic),
  ]);
}

async function addPractitioners(
  admin: DemoApi,
  clinic: DevClinic,
): Promise<void> {
  const staff = await admin.get("/v1/staff?limit=100");
  const known = DEMO_CLINICS.find(({ slug }) => slug === clinic.slug)!.staff;
  const treating = known.filter(({ role }) =>
    role === "physician" || role === "practitioner"
  );
  for (const [index, { role, givenNames, familyName }] of treating.entries()) {
    const member = staff.data.find((each: Json) => each.role === role);
    const practitioner = await admin.post("/v1/practitioners", {
      givenNames,
      familyName,
      profession: role === "physician" ? "Dermatologue" : "Kinésithérapeute",
      staffId: member.id,
    });
    const path = `/v1/practitioners/${practitioner.id}/availability`;
    await admin.change("PUT", path, await admin.get(path), {
      hours: WEEKS[index % WEEKS.length],
    });
  }
}

async function addAppointments(practice: Practice): Promise<void> {
  const { secretary, random, patients } = practice;
  const types = (await secretary.get("/v1/appointment-types?limit=100")).data;
  const { data } = await secretary.get("/v1/practitioners?limit=100");
  const type = types.find((each: Json) => each.name === "Consultation");
  for (const practitioner of data) {
    const times = await freeTimes(secretary, practitioner.id, type.id);
    const booked = times.filter((_, index) => index % EVERY === 0);
    await eachOf(booked, CONCURRENCY, async (startsAt) => {
      const appointment = await secretary.post("/v1/appointments", {
        patientId: pick(random, patients).id,
        practitionerId: practitioner.id,
        typeId: type.id,
        startsAt,
        ...(random() < 0.3 ? { note: pick(random, NOTES) } : {}),
      });
      await takeCourse(secretary, random, appointment);
    });
  }
}

async function freeTimes(
  api: DemoApi,
  practitionerId: string,
  typeId: string,
): Promise<string[]> {
  const times: string[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({
      from: today(-DAYS_BEFORE),
      to: today(DAYS_AFTER),
      appointmentTypeId: typeId,
      limit: "100",
      ...(cursor === null ? {} : { cursor }),
    });
    const page: Json = await api.get(
      `/v1/practitioners/${practitionerId}/slots?${query}`,
    );
    times.push(...page.data.map(({ startsAt }: Json) => startsAt));
    cursor = page.page.nextCursor;
  } while (cursor !== null);
  return times;
}

/** What is past has happened, or has not; some of what is to come is confirmed, and a little cancelled. */
async function takeCourse(
  api: DemoApi,
  random: Random,
  appointment: Json,
): Promise<void> {
  const chance = random();
  const past = Date.parse(appointment.endsAt) < Date.now();
  const steps = chance < 0.08
    ? ["cancel"]
    : past
    ? chance < 0.15 ? ["no-show"] : ["confirm", "start", "complete"]
    : chance < 0.5
    ? ["confirm"]
    : [];
  let present = appointment;
  for (const step of steps) {
    const path = `/v1/appointments/${appointment.id}/${step}`;
    const body = step === "cancel" ? { reason: "Empêchement" } : undefined;
    present = await api.change("POST", path, present, body);
  }
}

/** Three sessions of one patient that are moved and cancelled as one. */
async function addSeries(
  { secretary, patients, random }: Practice,
): Promise<void> {
  const { data: types } = await secretary.get("/v1/appointment-types");
  const type = types.find((each: Json) => each.name === "Contrôle");
  const { data } = await secretary.get("/v1/practitioners?limit=100");
  const { id } = data[0];
  const free = (await freeTimes(secretary, id, type.id))
    .filter((time) => Date.parse(time) > Date.now());
  const third = Math.floor(free.length / 3);
  await secretary.post("/v1/appointment-groups", {
    patientId: pick(random, patients).id,
    appointments: [free[0], free[third], free[2 * third]].map((startsAt) => ({
      practitionerId: id,
      typeId: type.id,
      startsAt,
    })),
  });
}
