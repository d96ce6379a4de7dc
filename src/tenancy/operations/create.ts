import type { KeyProvider } from "../../crypto/key_provider.ts";
import type { PasswordHasher } from "../../crypto/passwords.ts";
import type { Connection } from "../../db/connection.ts";
import {
  migrate,
  type Migration,
  migrationsHash,
} from "../../db/migrations.ts";
import { sql } from "../../db/sql.ts";
import { clinicDatabaseName, type NewId } from "../../kernel/ids.ts";
import { Letters } from "../../mail/letters.ts";
import type { Mailer } from "../../mail/mailer.ts";
import type { Clinic } from "../clinic.ts";
import { ensureCellProbe } from "../directory/cell_probe.ts";
import {
  type AdminLogin,
  OWNER_ROLE,
  withDatabase,
} from "../provisioning/admin.ts";
import {
  closeToOthers,
  copyTemplate,
  dropDatabase,
  ensureRole,
  letRoleIn,
} from "../provisioning/clinic_database.ts";
import {
  addAdmin,
  FIRST_INVITATION_DAYS,
  inviteAdmin,
} from "../provisioning/first_admin.ts";
import { makeSecrets } from "../provisioning/new_secrets.ts";
import {
  insertSecrets,
  readRegistered,
  registerClinic,
} from "../provisioning/register.ts";
import { ensureTemplate } from "../provisioning/template.ts";
import { moveFromStock, takenStock } from "../stock/taking.ts";
import { readInput } from "./inputs.ts";
import { clinicOf, type Saga, type StepContext } from "./saga.ts";

export interface CreateOptions {
  readonly login: AdminLogin;
  readonly cell: string;
  readonly keys: KeyProvider;
  readonly migrations: readonly Migration[];
  readonly hasher: PasswordHasher;
  readonly newId: NewId;
  readonly mailer: Mailer;
  /** Where the people's own application is. No trailing slash. */
  readonly linkBase: string;
}

/**
 * A new clinic: `register` → `role` → `database` → `grants` → `keys` → `admin` → `activate`. One of the stock skips what
 * was made beforehand.
 */
export function createSaga(options: CreateOptions): Saga {
  const steps = new CreateSteps(options);
  const hash = migrationsHash(options.migrations);
  return {
    kind: "create",
    steps: () => [
      { name: "register", run: (context) => steps.register(context) },
      {
        name: "role",
        isIdle: ({ stocked }) => stocked === true,
        run: (context) => steps.role(context),
      },
      {
        name: "database",
        isIdle: ({ stocked, migrationsHash }) =>
          stocked === true && migrationsHash === hash,
        run: (context) => steps.database(context),
      },
      {
        name: "grants",
        isIdle: ({ stocked }) => stocked === true,
        run: (context) => steps.grants(context),
      },
      { name: "keys", run: (context) => steps.keys(context) },
      { name: "admin", run: (context) => steps.admin(context) },
      { name: "activate", run: (context) => steps.activate(context) },
    ],
    undo: (context) => steps.undo(context),
  };
}

class CreateSteps {
  readonly #options: CreateOptions;

  constructor(options: CreateOptions) {
    this.#options = options;
  }

  async register(context: StepContext): Promise<void> {
    const { central, operation } = context;
    const { keys, cell } = this.#options;
    const id = clinicOf(context);
    const [stock, [present]] = await Promise.all([
      takenStock(central, operation.id),
      central.rows(sql`select from clinics where id = ${id}`),
    ]);
    const notes = stock && { stocked: true, ...stock };
    if (notes) {
      context.note(notes);
      // For the step that invites; one that cannot be opened fails there.
      this.#own(context).catch(ignore);
    }
    if (present) return;
    await ensureCellProbe(central, cell, keys);
    const { slug, name, email, phone } = readInput("create", operation.input);
    const wanted = { slug, name, email, phone };
    const secrets = stock ? undefined : await makeSecrets(keys, id);
    await registerClinic(central, { id, cell, wanted }, async (run) => {
      if (secrets) await insertSecrets(run, id, secrets);
      else await moveFromStock(run, id, operation.id, notes!);
    });
  }

  async role(context: StepContext): Promise<void> {
    const { target: { database, password } } = await this.#clinic(context);
    await ensureRole(context.central, database, password);
  }

  async database(context: StepContext): Promise<void> {
    const { login, migrations } = this.#options;
    const { central, notes } = context;
    const database = clinicDatabaseName(clinicOf(context));
    if (notes.stocked) {
      // Made by an older version of the program.
      await withDatabase(
        login,
        database,
        (connection) => migrate(connection, migrations, OWNER_ROLE),
      );
      return;
    }
    const template = await ensureTemplate(login, central, migrations);
    await copyTemplate(central, database, template);
  }

  async grants(context: StepContext): Promise<void> {
    const database = clinicDatabaseName(clinicOf(context));
    await closeToOthers(context.central, database);
    await letRoleIn(await this.#own(context), database);
  }

  /** Every secret opens with the keys of the cell: what does not open here, no API process could open. */
  async keys(context: StepContext): Promise<void> {
    await this.#clinic(context);
  }

  async admin(context: StepContext): Promise<void> {
    const { hasher, newId, mailer, linkBase } = this.#options;
    const { operation } = context;
    const { admin, name } = readInput("create", operation.input);
    const id = clinicOf(context);
    const own = await this.#own(context);
    const password = await context.secret();
    if (password) {
      const passwordHash = await hasher.hash(password.reveal());
      const staffId = newId();
      await addAdmin(own, admin, { id: staffId, passwordHash });
      return;
    }
    const token = await inviteAdmin(own, id, admin, newId);
    const { email, givenNames } = admin;
    let sent: Promise<void> | undefined;
    const letters = new Letters({
      queue: { send: (mail) => sent = mailer.send(mail) },
      linkBase,
    });
    letters.invitation(
      { email, givenNames, clinicName: name },
      token,
      FIRST_INVITATION_DAYS,
    );
    await sent;
  }

  async activate(context: StepContext): Promise<void> {
    const id = clinicOf(context);
    const version = this.#options.migrations.length;
    const [clinic] = await context.central.rows<{ slug: string }>(sql`
      update clinics set schema_version = ${version}, state = case state
        when 'provisioning' then 'active' else state end
      where id = ${id} returning slug`);
    context.result({ clinicId: id, slug: clinic?.slug });
  }

  async undo(context: StepContext): Promise<void> {
    const { central, operation } = context;
    const id = clinicOf(context);
    await central.rows(sql`
      update clinics set state = 'closed' where id = ${id} and state = 'provisioning'`);
    const [clinic] = await central.rows<{ state: string }>(
      sql`select state from clinics where id = ${id}`,
    );
    // Nothing of a clinic that people may work in is ever undone.
    if (clinic && clinic.state !== "closed") return;
    await dropDatabase(central, clinicDatabaseName(id));
    await central.transaction("read write", async (run) => {
      await Promise.all([
        run.rows(sql`delete from clinic_secrets where clinic_id = ${id}`),
        run.rows(sql`delete from clinic_token_keys where clinic_id = ${id}`),
        run.rows(sql`delete from clinics where id = ${id}`),
        run.rows(sql`
          delete from clinic_stock where operation_id = ${operation.id}`),
      ]);
    });
  }

  /** The clinic's own database. */
  #own(context: StepContext): Promise<Connection> {
    const database = clinicDatabaseName(clinicOf(context));
    return context.open(this.#options.login, database);
  }

  #clinic(context: StepContext): Promise<Clinic> {
    const { keys, login } = this.#options;
    return readRegistered(context.central, clinicOf(context), keys, login);
  }
}

function ignore(): void {}
