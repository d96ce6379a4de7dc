import { openSecret } from "../../../src/crypto/seal.ts";
import { ClinicRegistry } from "../../../src/tenancy/directory/clinic_registry.ts";
import { secretPurpose } from "../../../src/tenancy/directory/clinic_secrets.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../../src/tenancy/provisioning/admin.ts";
import { ask } from "../api_client.ts";
import type { Drill, Scenario } from "../drill.ts";
import {
  type OtherCell,
  startOtherCell,
  startsWithWrongKey,
} from "../other_cell.ts";
import type { Row } from "../row.ts";

/** Somebody is inside the API process of another cell. */
export const cellProcess: Scenario = {
  id: "cell-process",
  leaked: "the API process of another cell",
  expected: "that cell",
  how:
    "An API process of another cell, started with that cell's key: tokens and log-ins of this cell's clinics, the registry's secrets with its key; and an API for this cell with a wrong key, which must not start.",
  play: async (drill, row) => {
    await using other = await startOtherCell(drill.target);
    row.control(other.ready, `the API of another cell: ${other.said}`);
    if (other.ready) await tryApi(drill, row, other);
    await tryKeys(drill, row, other);
    row.attempt(
      await startsWithWrongKey(drill.target)
        ? "an API serves this cell with another cell's key"
        : undefined,
    );
    row.opens("that cell");
  },
};

/** What was made for this cell, offered to the other. */
async function tryApi(
  { loggedIn }: Drill,
  row: Row,
  { api }: OtherCell,
): Promise<void> {
  for (const { clinic, tokens, patientIds } of loggedIn) {
    const paths = ["/v1/auth/me", "/v1/patients"];
    if (patientIds[0]) paths.push(`/v1/patients/${patientIds[0]}`);
    for (const path of paths) {
      const { status } = await ask(api, path, { token: tokens.access });
      row.attempt(
        status < 300
          ? `the other cell answers ${path} of ${clinic.slug}`
          : undefined,
      );
    }
  }
  const [first] = loggedIn;
  if (!first) return;
  const { clinic, email, password } = first.account;
  const body = { clinic, email, password };
  const { status } = await ask(api, "/v1/auth/login", { method: "POST", body });
  row.attempt(
    status < 300 ? `people of ${clinic} log in at the other cell` : undefined,
  );
}

/** What it can read in the central database, with the keys that it holds. */
async function tryKeys(
  { target, clinics }: Drill,
  row: Row,
  { keys }: OtherCell,
): Promise<void> {
  await withDatabase(target.worker, CENTRAL_DATABASE, async (central) => {
    const registry = new ClinicRegistry({
      read: (statement) => central.rows(statement),
    });
    for (const { clinic } of clinics) {
      const found = await registry.byId(clinic.id);
      for (const { purpose, number, key_id, sealed } of found?.secrets ?? []) {
        const name = secretPurpose(purpose, number);
        const place = { clinicId: clinic.id, purpose: name };
        // Under the name that is written there, and under its own.
        for (const keyId of [key_id, keys.keyId]) {
          const opened = await openSecret(keys, place, { keyId, sealed })
            .then(() => true, () => false);
          row.attempt(
            opened
              ? `the other cell's key opens ${name} of ${clinic.slug}`
              : undefined,
          );
        }
      }
    }
  });
}
