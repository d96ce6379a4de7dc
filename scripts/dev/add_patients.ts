import { drawBackground } from "../seed/background.ts";
import {
  frenchPatients,
  type PatientSeed,
  seededRandom,
} from "../seed/french_people.ts";
import { DemoApi, type DemoLogin, eachOf } from "./demo_api.ts";

/** Where and as whom patients are added. */
export interface AddPatientsOptions extends DemoLogin {
  readonly count: number;
}

const CONCURRENCY = 8;

/**
 * Adds invented patients to a clinic the way its secretary would: through the API.
 * @throws {Error} with the API's own words, when it refuses one
 */
export async function addPatients(options: AddPatientsOptions): Promise<void> {
  const api = await DemoApi.open(options);
  const patients = frenchPatients(options.clinic, options.count);
  const random = seededRandom(`background of ${options.clinic}`);
  const year = new Date().getFullYear();
  const bodies = patients.map((patient) => ({
    ...toBody(patient),
    ...drawBackground(random, patient, year),
  }));
  await eachOf(bodies, CONCURRENCY, async (body) => {
    await api.post("/v1/patients", body);
  });
}

function toBody(patient: PatientSeed): Record<string, unknown> {
  const members = Object.entries(patient);
  return Object.fromEntries(members.filter(([, value]) => value !== null));
}
