import { readRegistered } from "../provisioning/register.ts";
import type { KeyProvider } from "../../crypto/key_provider.ts";
import { openSecret } from "../../crypto/seal.ts";
import type { Connection } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";
import { clinicDatabaseName, type ClinicId } from "../../kernel/ids.ts";
import { AppError } from "../../kernel/errors.ts";
import { secretPurpose } from "../directory/clinic_secrets.ts";
import { type AdminLogin, withDatabase } from "../provisioning/admin.ts";
import {
  type BackupContents,
  type NewBackup,
  openBackup,
  type OpenedBackup,
  writeBackup,
} from "./backup_file.ts";
import type { BackupStore } from "./backup_store.ts";
import { exportStream, readExport } from "./export_file.ts";
import { dumpDatabase, type PgPrograms, runPgRestore } from "./pg_programs.ts";

export interface ClinicBackupsOptions {
  readonly store: BackupStore;
  readonly programs: PgPrograms;
  /** Reads everything, and can change nothing. */
  readonly reader: AdminLogin;
  /** The keys of the clinics' cell. */
  readonly keys: KeyProvider;
}

export interface BackupRequest {
  readonly backupId: string;
  readonly clinicId: ClinicId;
  /** `export`: rows that anybody can read who may, instead of a dump that can be restored. */
  readonly reason: "requested" | "final" | "export";
}

interface ClinicRow {
  readonly slug: string;
  readonly name: string;
  readonly cell: string;
  readonly schema_version: number;
}

/** Encrypted backups of the clinics of one cell. */
export class ClinicBackups {
  readonly #options: ClinicBackupsOptions;

  constructor(options: ClinicBackupsOptions) {
    this.#options = options;
  }

  /**
   * Saves a clinic's database, with the keys that its sealed columns need, into one encrypted file. Done again under the
   * same id, the file is replaced. @returns its size in bytes
   */
  async make(
    central: Connection,
    { backupId, clinicId, reason }: BackupRequest,
  ): Promise<number> {
    const { store, programs, reader, keys } = this.#options;
    const [clinic] = await central.rows<ClinicRow>(sql`
      select slug, clinics.name, cells.name as cell, schema_version
      from clinics join cells on cells.id = cell_id
      where clinics.id = ${clinicId} and clinics.state <> 'closed'`);
    if (!clinic) throw new AppError("not-found", "There is no such clinic");
    const about = {
      backupId,
      clinicId,
      cell: clinic.cell,
      schemaVersion: clinic.schema_version,
      createdAt: new Date().toISOString(),
      contents: await this.#contents(central, clinicId, clinic),
    };
    const database = clinicDatabaseName(clinicId);
    const save = async (file: NewBackup) => {
      const { keyId, bytes: content } = await writeBackup(keys, file);
      return { keyId, ...await store.write(clinicId, backupId, content) };
    };
    const { keyId, bytes, digest } = reason === "export"
      ? await withDatabase(reader, database, async (connection) => {
        const { vault } = await readRegistered(central, clinicId, keys, reader);
        const dump = exportStream(connection, vault);
        return await save({ ...about, content: "export", dump });
      })
      : await save({
        ...about,
        dump: ReadableStream.from(dumpDatabase(programs, reader, database)),
      });
    await central.rows(sql`
      insert into clinic_backups (id, clinic_id, reason, bytes, digest, key_id,
        schema_version)
      values (${backupId}, ${clinicId}, ${reason}, ${bytes}, ${digest},
        ${keyId}, ${clinic.schema_version})
      on conflict (id) do update set bytes = excluded.bytes,
        digest = excluded.digest, key_id = excluded.key_id,
        created_at = now()`);
    return bytes;
  }

  /**
   * Opens a backup, or an export. @throws {AppError} `not-found`; `conflict` when it is the other of the two;
   * {@link SealError} when it was altered
   */
  async open(
    clinicId: string,
    backupId: string,
    content: "dump" | "export" = "dump",
  ): Promise<OpenedBackup> {
    const { store, keys } = this.#options;
    const opened = await openBackup(
      keys,
      await store.read(clinicId, backupId).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        throw new AppError("not-found", "The backup's file is not there");
      }),
    );
    const { header } = opened;
    if (header.clinicId !== clinicId || header.backupId !== backupId) {
      throw new AppError("conflict", "The file is that of another backup");
    }
    const { content: held = "dump" } = header;
    if (held !== content) {
      throw new AppError(
        "conflict",
        held === "export"
          ? "This is an export, which cannot be restored"
          : "This is a backup, and no export",
      );
    }
    return opened;
  }

  /** Reads a backup to its end, as a restore would. @throws unless it could be restored */
  async verify(clinicId: string, backupId: string): Promise<void> {
    const { dump } = await this.open(clinicId, backupId);
    await runPgRestore(this.#options.programs, ["--file=/dev/null"], dump);
  }

  /** Reads an export to its end. @throws unless it is whole */
  async verifyExport(clinicId: string, backupId: string): Promise<void> {
    const { dump } = await this.open(clinicId, backupId, "export");
    await readExport(dump);
  }

  /** Removes the files of all backups of a clinic; the registry goes on knowing that there were some. */
  async removeAll(central: Connection, clinicId: ClinicId): Promise<number> {
    const rows = await central.rows<{ id: string }>(sql`
      select id from clinic_backups
      where clinic_id = ${clinicId} and deleted_at is null`);
    for (const { id } of rows) {
      await this.#options.store.remove(clinicId, id);
      await central.rows(sql`
        update clinic_backups set deleted_at = now() where id = ${id}`);
    }
    return rows.length;
  }

  async #contents(
    central: Connection,
    clinicId: ClinicId,
    { slug, name }: ClinicRow,
  ): Promise<BackupContents> {
    const { keys, reader } = this.#options;
    // Refuses what belongs elsewhere before anything of it is written.
    await readRegistered(central, clinicId, keys, reader);
    const secrets = await central.rows<
      { purpose: "data-key" | "index-key"; number: number; active: boolean } & {
        key_id: string;
        sealed: Uint8Array;
      }
    >(sql`
      select purpose, number, key_id, sealed,
        active and retired_at is null as active
      from clinic_secrets where clinic_id = ${clinicId}
        and purpose in ('data-key', 'index-key') order by number`);
    const opened = await Promise.all(secrets.map(async (secret) => {
      const { purpose, number, key_id: keyId, sealed } = secret;
      const place = { clinicId, purpose: secretPurpose(purpose, number) };
      const bytes = await openSecret(keys, place, { keyId, sealed });
      return { ...secret, text: bytes.toBase64() };
    }));
    const dataKeys = opened.filter(({ purpose }) => purpose === "data-key");
    return {
      slug,
      name,
      dataKeys: dataKeys.map(({ number, text }) => [number, text]),
      currentDataKey: dataKeys.find(({ active }) => active)!.number,
      indexKey: opened.find(({ purpose }) => purpose === "index-key")!.text,
    };
  }
}
