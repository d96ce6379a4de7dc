import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import { PasswordHasher } from "../../src/crypto/passwords.ts";
import { readMigrations } from "../../src/db/migrations.ts";
import { type ClinicId, uuidv7 } from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import type { Clinic } from "../../src/tenancy/clinic.ts";
import { ClinicRegistry } from "../../src/tenancy/directory/clinic_registry.ts";
import { openClinic } from "../../src/tenancy/directory/clinic_secrets.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import {
  type ProvisionedClinic,
  Provisioner,
} from "../../src/tenancy/provisioning/provisioner.ts";
import { type TestStack, workerLogin } from "./test_stack.ts";

/** The keys of the test stack's cell. */
export function cellKeys(stack: TestStack): LocalKeyProvider {
  return new LocalKeyProvider(new Secret(Deno.readTextFileSync(stack.keyFile)));
}

/** A clinic with its admin and nobody else, without an API. */
export async function provisionClinic(
  stack: TestStack,
): Promise<ProvisionedClinic> {
  const slug = `test-${crypto.randomUUID().slice(0, 13)}`;
  const provisioner = new Provisioner({
    login: workerLogin(stack),
    cell: stack.cell,
    keys: cellKeys(stack),
    migrations: await readMigrations(
      new URL("../../migrations/clinic/", import.meta.url),
    ),
    hasher: new PasswordHasher(),
    newId: uuidv7,
  });
  return await provisioner.create(
    { slug, name: slug, email: `${slug}@clinic.test`, phone: null },
    { email: "admin@clinic.test", givenNames: "Ada", familyName: "Admin" },
  );
}

/** The clinic with its secrets, as an API process that serves its cell has it. */
export async function readClinic(
  stack: TestStack,
  id: ClinicId,
): Promise<Clinic> {
  return await withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    async (central) => {
      const registry = new ClinicRegistry({
        read: (statement) => central.rows(statement),
      });
      const row = await registry.byId(id);
      if (!row) throw new Error("There is no such clinic");
      const { tlsCa } = stack.pooler;
      return await openClinic(row, cellKeys(stack), { tlsCa });
    },
  );
}
