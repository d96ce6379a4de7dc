import type { Secret } from "../../src/kernel/secret.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
} from "../../src/tenancy/provisioning/admin.ts";
import { say } from "../cli/terminal.ts";
import type { Stack } from "../stack/cluster.ts";
import { addPatients } from "./add_patients.ts";
import { addPractice } from "./add_practice.ts";
import { openProvisioner } from "./central.ts";
import { DEMO_CLINICS, PATIENTS_PER_CLINIC } from "./demo_clinics.ts";
import type { DevFile } from "./dev_file.ts";
import { makeDemoClinic, makePlatformUser } from "./make_demo.ts";

/** What the first start makes, and later ones know. */
export type Demo = Pick<DevFile, "clinics" | "platform">;

/** Makes the demo clinics with their staff, and the platform's first user. */
export async function makeDemo(
  login: AdminLogin,
  keys: Secret,
  signal: AbortSignal,
): Promise<Demo> {
  say("Making two demo clinics…");
  const provisioner = await openProvisioner(login, keys);
  const clinics: DevFile["clinics"] = [];
  for (const clinic of DEMO_CLINICS) {
    signal.throwIfAborted();
    clinics.push(await makeDemoClinic(login, provisioner, clinic));
  }
  return { clinics, platform: await makePlatformUser(login) };
}

/** Fills the demo clinics, as their admins, through the API. */
export async function addDemoData(
  api: string,
  demo: Demo,
  signal: AbortSignal,
): Promise<void> {
  const count = PATIENTS_PER_CLINIC;
  say(`Adding ${count} patients to each clinic, through the API…`);
  for (const clinic of demo.clinics) {
    const { slug, users } = clinic;
    const admin = users.find(({ role }) => role === "admin");
    if (!admin) throw new Error(`Cannot add demo data: ${slug} has no admin`);
    const { email, password } = admin;
    await addPatients({ api, clinic: slug, email, password, count, signal });
  }
  say("Giving each clinic a month of appointments, records and invoices…");
  await Promise.all(
    demo.clinics.map((clinic) => addPractice(api, clinic, signal)),
  );
}

/** The content of `.data/dev.json`. */
export function describeStack(
  stack: Pick<Stack, "pooler" | "postgres" | "tlsCaFile">,
  api: string,
  { clinics, platform }: Demo,
): DevFile {
  const { host, port, superuser, password } = stack.postgres;
  return {
    api,
    docs: `${api}/docs`,
    pooler: { host: stack.pooler.host, port: stack.pooler.port },
    postgres: { host, port, superuser, password },
    tls: { caFile: stack.tlsCaFile },
    central: { database: CENTRAL_DATABASE },
    clinics,
    platform,
  };
}
