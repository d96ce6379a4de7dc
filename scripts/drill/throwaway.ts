import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import { PasswordHasher } from "../../src/crypto/passwords.ts";
import { identifier, sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { Provisioner } from "../../src/tenancy/provisioning/provisioner.ts";
import { migrationsOf } from "../dev/central.ts";
import { inParallel } from "./pairs.ts";
import type { DrillTarget, KnownAccount } from "./target.ts";

const WIDTH = 4;

/** Starts the short name of every clinic that the drill makes. */
export const THROWAWAY = "drill-";

/** Clinics that are made for one drill. They are gone when the scope ends. */
export interface Throwaways extends AsyncDisposable {
  readonly accounts: readonly KnownAccount[];
}

export async function makeThrowaways(
  target: DrillTarget,
  count: number,
  onMade: (made: number) => void,
): Promise<Throwaways> {
  const provisioner = new Provisioner({
    login: target.worker,
    cell: target.cell,
    keys: new LocalKeyProvider(target.keys),
    migrations: await migrationsOf("clinic"),
    hasher: new PasswordHasher(),
    newId: uuidv7,
  });
  const accounts: KnownAccount[] = [];
  await inParallel(Array(count).keys(), WIDTH, async () => {
    const slug = `${THROWAWAY}${crypto.randomUUID().slice(0, 13)}`;
    const { admin } = await provisioner.create(
      { slug, name: slug, email: `${slug}@clinic.example`, phone: null },
      { email: "admin@clinic.example", givenNames: "A", familyName: "B" },
    );
    const { email, password } = admin;
    accounts.push({ clinic: slug, email, password: password.reveal() });
    onMade(accounts.length);
  });
  return {
    accounts,
    [Symbol.asyncDispose]: () => removeThrowaways(target.worker),
  };
}

/** Removes what this drill made, and what an interrupted one left. */
export async function removeThrowaways(login: AdminLogin): Promise<void> {
  const clinics = await withDatabase(
    login,
    CENTRAL_DATABASE,
    (central) =>
      central.rows<FoundClinic>(sql`
      update clinics set state = 'closed' where slug like ${THROWAWAY + "%"}
      returning id, database_name`),
  );
  // Together: each waits for a checkpoint, and they can share one.
  await inParallel(clinics, WIDTH, (clinic) => remove(login, clinic));
}

interface FoundClinic {
  readonly id: string;
  readonly database_name: string;
}

function remove(
  login: AdminLogin,
  { id, database_name }: FoundClinic,
): Promise<void> {
  return withDatabase(login, CENTRAL_DATABASE, async (central) => {
    const database = identifier(database_name);
    for (
      const statement of [
        sql`drop database if exists ${database} with (force)`,
        sql`drop role if exists ${database}`,
      ]
    ) await central.script(statement.render().text);
    await central.rows(sql`delete from clinic_secrets where clinic_id = ${id}`);
    await central.rows(
      sql`delete from clinic_token_keys where clinic_id = ${id}`,
    );
    await central.rows(sql`delete from clinics where id = ${id}`);
  });
}
