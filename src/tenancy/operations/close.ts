import { drainOutbox } from "../../audit/outbox_relay.ts";
import { sql } from "../../db/sql.ts";
import { clinicDatabaseName, type NewId } from "../../kernel/ids.ts";
import { AppError } from "../../kernel/errors.ts";
import type { ClinicBackups } from "../backups/clinic_backups.ts";
import { type AdminLogin, withDatabase } from "../provisioning/admin.ts";
import { dropDatabase } from "../provisioning/clinic_database.ts";
import { moveClinic } from "./clinic_state.ts";
import type { Retention } from "./confirmations.ts";
import { type OperationInput, readInput } from "./inputs.ts";
import { clinicOf, type Saga, type StepContext } from "./saga.ts";

export interface CloseOptions {
  readonly retention: Retention;
  readonly newId: NewId;
}

/**
 * Closes a clinic: nobody can work in it from now on, and its data are removed at a date that is known from now on. Until
 * then it can be opened again as it was.
 */
export function closeSaga({ retention, newId }: CloseOptions): Saga {
  return {
    kind: "close",
    steps: ({ input }) => {
      const {
        graceDays = retention.graceDays,
        backupDays = retention.backupDays,
      } = readInput("close", input);
      return [
        { name: "suspend", run: (context) => beginClosing(context, graceDays) },
        { name: "schedule", run: (context) => schedule(context, backupDays) },
      ];
    },
  };

  async function schedule(
    context: StepContext,
    backupDays: number,
  ): Promise<void> {
    const clinicId = clinicOf(context);
    const [clinic] = await context.central.rows<{ purge_at: string }>(
      sql`select purge_at from clinics where id = ${clinicId}`,
    );
    await schedulePurge(context, newId, {
      input: { what: "clinic", backupDays },
      at: clinic!.purge_at,
    });
    context.result({ purgeAt: clinic!.purge_at });
  }
}

function beginClosing(context: StepContext, graceDays: number): Promise<void> {
  return moveClinic(context, {
    from: ["active", "suspended"],
    to: "closing",
    also:
      sql`, purge_at = now() + make_interval(days => ${graceDays}::integer)`,
  });
}

/** Leaves work for a date; there is never more than one such piece for a clinic. */
async function schedulePurge(
  { central, operation }: StepContext,
  newId: NewId,
  { input, at }: {
    readonly input: OperationInput<"purge">;
    readonly at: string;
  },
): Promise<void> {
  await central.rows(sql`
    insert into operations (id, kind, clinic_id, state, input, scheduled_for,
      next_attempt_at, requested_by)
    values (${newId()}, 'purge', ${operation.clinicId}, 'waiting',
      ${input}, ${at}, ${at}, ${operation.requestedBy})
    on conflict (clinic_id) where state = 'waiting' do nothing`);
}

export interface PurgeOptions extends CloseOptions {
  readonly login: AdminLogin;
  /** Without them nothing is removed: what was not saved first would be lost. */
  readonly backups: ClinicBackups | undefined;
}

/**
 * The end of a closing, when its date has come: an export and a last backup, then database, role and keys are gone; and,
 * when the backups' own date has come, these are gone as well.
 */
export function purgeSaga(options: PurgeOptions): Saga {
  const { login, backups, retention, newId } = options;
  return {
    kind: "purge",
    steps: ({ input }) =>
      readInput("purge", input).what === "backups"
        ? [{ name: "remove-backups", run: removeBackups }]
        : [
          { name: "relay", run: relay },
          { name: "export", run: exportAll },
          { name: "backup", run: backUp },
          { name: "verify", run: verify },
          { name: "drop", run: drop },
          { name: "destroy-keys", run: destroyKeys },
          { name: "close", run: close },
          { name: "schedule", run: schedule },
        ],
  };

  /** What happened in the clinic stays on the trail. */
  async function relay(context: StepContext): Promise<void> {
    await requireClosing(context);
    // The same file, however often it is written.
    context.note({ exportId: newId() });
    const id = clinicOf(context);
    await withDatabase(login, clinicDatabaseName(id), async (connection) => {
      await connection.script("set role cloison_owner");
      await drainOutbox(connection, (line) => context.central.rows(line), id);
    });
  }

  /** What the clinic can be given: readable without this program, and without its keys. */
  async function exportAll(context: StepContext): Promise<void> {
    await requireClosing(context);
    const exportId = String(context.notes.exportId);
    await requireBackups(backups).make(context.central, {
      backupId: exportId,
      clinicId: clinicOf(context),
      reason: "export",
    });
    context.result({ exportId });
  }

  async function backUp(context: StepContext): Promise<void> {
    await requireClosing(context);
    const clinicId = clinicOf(context);
    // The same file, however often this is done.
    const backupId = context.operation.id;
    await requireBackups(backups).make(context.central, {
      backupId,
      clinicId,
      reason: "final",
    });
    context.note({ backupId });
    context.result({ backupId });
  }

  async function verify(context: StepContext): Promise<void> {
    const files = requireBackups(backups);
    const id = clinicOf(context);
    await files.verifyExport(id, String(context.notes.exportId));
    await files.verify(id, context.operation.id);
  }

  async function drop(context: StepContext): Promise<void> {
    await requireClosing(context);
    await dropDatabase(context.central, clinicDatabaseName(clinicOf(context)));
  }

  async function destroyKeys(context: StepContext): Promise<void> {
    const id = clinicOf(context);
    await context.central.transaction("read write", async (run) => {
      await Promise.all([
        run.rows(sql`delete from clinic_secrets where clinic_id = ${id}`),
        run.rows(sql`delete from clinic_token_keys where clinic_id = ${id}`),
      ]);
    });
  }

  async function close(context: StepContext): Promise<void> {
    await moveClinic(context, {
      from: ["closing"],
      to: "closed",
      also: sql`, closed_at = now()`,
    });
  }

  async function schedule(context: StepContext): Promise<void> {
    const clinicId = clinicOf(context);
    const { backupDays = retention.backupDays } = readInput(
      "purge",
      context.operation.input,
    );
    const rows = await context.central.rows<{ delete_after: string }>(sql`
      update clinic_backups set delete_after =
        created_at + make_interval(days => ${backupDays}::integer)
      where clinic_id = ${clinicId} and deleted_at is null
      returning delete_after`);
    const at = rows.map(({ delete_after }) => delete_after).sort().at(-1);
    if (at === undefined) return;
    await schedulePurge(context, newId, { input: { what: "backups" }, at });
    context.result({ backupsDeletedAt: at });
  }

  async function removeBackups(context: StepContext): Promise<void> {
    const removed = await requireBackups(backups)
      .removeAll(context.central, clinicOf(context));
    context.result({ removed });
  }
}

/** The last thing that is looked at before something cannot be taken back. */
async function requireClosing(context: StepContext): Promise<void> {
  const [clinic] = await context.central.rows<{ state: string; due: boolean }>(
    sql`select state, purge_at <= now() as due from clinics
      where id = ${clinicOf(context)}`,
  );
  if (clinic?.state === "closing" && clinic.due) return;
  throw new AppError(
    "invalid-transition",
    `The clinic is ${clinic?.state ?? "gone"}: its data are not removed`,
  );
}

function requireBackups(backups: ClinicBackups | undefined): ClinicBackups {
  if (backups) return backups;
  throw new AppError(
    "conflict",
    "The worker has nowhere to put the last backup: CLOISON_BACKUP_FOLDER is missing",
  );
}
