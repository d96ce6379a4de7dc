import type { KeyProvider } from "../../crypto/key_provider.ts";
import type { PasswordHasher } from "../../crypto/passwords.ts";
import type { Migration } from "../../db/migrations.ts";
import { sql } from "../../db/sql.ts";
import { type ClinicId, type NewId } from "../../kernel/ids.ts";
import type { Secret } from "../../kernel/secret.ts";
import { ensureCellProbe } from "../directory/cell_probe.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  openDatabase,
  withDatabase,
} from "./admin.ts";
import {
  closeToOthers,
  copyTemplate,
  ensureRole,
  letRoleIn,
} from "./clinic_database.ts";
import { addAdmin, type FirstAdmin } from "./first_admin.ts";
import { makeFirstPassword, makeSecrets } from "./new_secrets.ts";
import {
  insertSecrets,
  type NewClinic,
  readRegistered,
  registerClinic,
} from "./register.ts";
import { SharedSessions } from "./shared_sessions.ts";
import { ensureTemplate } from "./template.ts";

export type { FirstAdmin } from "./first_admin.ts";
export type { NewClinic } from "./register.ts";

export interface ProvisionedClinic {
  readonly id: ClinicId;
  readonly slug: string;
  readonly database: string;
  readonly admin: { readonly email: string; readonly password: Secret };
}

export interface ProvisionerOptions {
  readonly login: AdminLogin;
  readonly cell: string;
  readonly keys: KeyProvider;
  readonly migrations: readonly Migration[];
  readonly hasher: PasswordHasher;
  readonly newId: NewId;
}

/**
 * Makes clinics in one go, without a line in the ledger: for the demo, the drill and the tests, where nobody goes on
 * with what was interrupted. Operators ask for an operation.
 */
export class Provisioner {
  readonly #options: ProvisionerOptions;
  readonly #sessions: SharedSessions;

  constructor(options: ProvisionerOptions) {
    this.#options = options;
    this.#sessions = new SharedSessions(() =>
      openDatabase(options.login, CENTRAL_DATABASE)
    );
  }

  /**
   * Makes a clinic that people can log in to as soon as this returns. Nothing needs to be restarted or reloaded.
   * @throws {AppError} `duplicate` when the slug or the e-mail address is taken
   */
  async create(
    wanted: NewClinic,
    admin: FirstAdmin,
  ): Promise<ProvisionedClinic> {
    const { login, cell, keys, migrations, hasher, newId } = this.#options;
    return await this.#sessions.use(async (central) => {
      await ensureCellProbe(central, cell, keys);
      const id = newId() as ClinicId;
      const secrets = await makeSecrets(keys, id);
      await registerClinic(
        central,
        { id, cell, wanted },
        (run) => insertSecrets(run, id, secrets),
      );
      const clinic = await readRegistered(central, id, keys, login);
      const template = await ensureTemplate(login, central, migrations);
      const { database, password } = clinic.target;
      await ensureRole(central, database, password);
      await copyTemplate(central, database, template);
      await closeToOthers(central, database);
      const firstPassword = makeFirstPassword();
      const passwordHash = await hasher.hash(firstPassword.reveal());
      await withDatabase(login, database, async (own) => {
        await letRoleIn(own, database);
        await addAdmin(own, admin, { id: newId(), passwordHash });
      });
      await central.rows(sql`
        update clinics set state = 'active',
          schema_version = ${migrations.length}
        where id = ${id} and state = 'provisioning'`);
      return {
        id,
        slug: clinic.slug,
        database,
        admin: { email: admin.email, password: firstPassword },
      };
    });
  }
}
