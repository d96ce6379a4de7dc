import { PasswordHasher } from "../../src/crypto/passwords.ts";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { createUser } from "../../src/platform/users/commands.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { makeFirstPassword } from "../../src/tenancy/provisioning/new_secrets.ts";
import type { Provisioner } from "../../src/tenancy/provisioning/provisioner.ts";
import {
  type DemoClinic,
  demoEmail,
  type DemoStaff,
  PLATFORM_USER,
} from "./demo_clinics.ts";
import type { Account, DevClinic } from "./dev_file.ts";

type StaffAccount = DevClinic["users"][number];

const AS_OWNER = "set role cloison_owner";

/** Makes a demo clinic and its staff. Everybody's password is told here, once. */
export async function makeDemoClinic(
  login: AdminLogin,
  provisioner: Provisioner,
  clinic: DemoClinic,
): Promise<DevClinic> {
  const { slug, name, phone, admin } = clinic;
  const made = await provisioner.create(
    { slug, name, phone, email: `contact@${slug}.example` },
    { ...admin, email: demoEmail(clinic, "admin") },
  );
  const users: StaffAccount[] = [{
    role: "admin",
    email: made.admin.email,
    password: made.admin.password.reveal(),
  }];
  users.push(...await addStaff(login, made.database, clinic));
  return { id: made.id, slug, name, database: made.database, users };
}

async function addStaff(
  login: AdminLogin,
  database: string,
  clinic: DemoClinic,
): Promise<StaffAccount[]> {
  const hasher = new PasswordHasher();
  const people = await Promise.all(clinic.staff.map(async (person) => {
    const password = makeFirstPassword().reveal();
    const email = demoEmail(clinic, person.role);
    return { person, email, password, hash: await hasher.hash(password) };
  }));
  await withDatabase(login, database, async (connection) => {
    await connection.script(AS_OWNER);
    for (const { person, email, hash } of people) {
      await connection.rows(insertStaff(person, email, hash));
    }
  });
  return people.map(({ person: { role }, email, password }) => ({
    role,
    email,
    password,
  }));
}

function insertStaff(person: DemoStaff, email: string, hash: string) {
  return sql`
    insert into staff (id, email, given_names, family_name, role, state, password_hash)
    values (${uuidv7()}, ${email}, ${person.givenNames}, ${person.familyName},
      ${person.role}, 'active', ${hash})`;
}

/** Makes the account of whoever runs the platform; the first log-in sets up an authenticator app. */
export async function makePlatformUser(login: AdminLogin): Promise<Account> {
  const { email, displayName } = PLATFORM_USER;
  const password = makeFirstPassword();
  await withDatabase(
    login,
    CENTRAL_DATABASE,
    (central) =>
      createUser(central, new PasswordHasher(), {
        email,
        displayName,
        role: "owner",
        password,
      }),
  );
  return { email, password: password.reveal() };
}
