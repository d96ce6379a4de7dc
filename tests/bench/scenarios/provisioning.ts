import { openProvisioner } from "../../../scripts/dev/central.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import { say } from "../../../scripts/cli/terminal.ts";
import { median } from "../measures.ts";
import type { Scenario } from "./scenario.ts";

const CLINICS = 5;

/** From nothing to a clinic whose first user can log in. */
export const provisioning: Scenario = {
  name: "provisioning",
  measures: [],
  async run({ servers, runs }) {
    const keys = new Secret(await Deno.readTextFile(servers.keyFile));
    const provisioner = await openProvisioner(servers.login, keys);
    const times: number[] = [];
    for (let i = 0; i < CLINICS; i++) {
      const started = performance.now();
      const slug = `provisioned-${i}`;
      await provisioner.create(
        { slug, name: slug, email: `${slug}@clinic.example`, phone: null },
        {
          email: "admin@clinic.example",
          givenNames: "Ada",
          familyName: "Bench",
        },
      );
      times.push(performance.now() - started);
    }
    const p50 = median(times);
    const max = Math.max(...times);
    runs.push({
      name: "provision a clinic",
      by: "ours",
      clinics: CLINICS,
      rate: 1000 / p50,
      p50,
      max,
      errors: {},
      full: 0,
    });
    say(
      `  provision a clinic: ${Math.round(p50)} ms, slowest of ${CLINICS}: ${
        Math.round(max)
      } ms`,
    );
  },
};
