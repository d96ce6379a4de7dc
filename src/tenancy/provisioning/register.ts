import type { KeyProvider } from "../../crypto/key_provider.ts";
import type { Connection, Runner } from "../../db/connection.ts";
import { DatabaseError } from "../../db/errors.ts";
import { sql } from "../../db/sql.ts";
import { AppError } from "../../kernel/errors.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import type { Clinic } from "../clinic.ts";
import { ClinicRegistry } from "../directory/clinic_registry.ts";
import { openClinic } from "../directory/clinic_secrets.ts";
import type { AdminLogin } from "./admin.ts";
import type { NewSecrets } from "./new_secrets.ts";

export interface NewClinic {
  readonly slug: string;
  readonly name: string;
  readonly email: string;
  readonly phone: string | null;
}

/**
 * Puts a clinic into the registry, which nobody can open yet, together with its secrets.
 * @param addSecrets stores them, in the same transaction
 * @throws {AppError} `duplicate` when the slug or the e-mail address is taken
 */
export async function registerClinic(
  central: Connection,
  { id, cell, wanted }: {
    readonly id: ClinicId;
    readonly cell: string;
    readonly wanted: NewClinic;
  },
  addSecrets: (run: Runner) => Promise<void>,
): Promise<void> {
  try {
    await central.transaction("read write", async (run) => {
      await Promise.all([
        run.rows(sql`
          insert into clinics (id, cell_id, slug, name, email, phone)
          select ${id}, cells.id, ${wanted.slug}, ${wanted.name},
            ${wanted.email}, ${wanted.phone}
          from cells where cells.name = ${cell}`),
        addSecrets(run),
      ]);
    });
  } catch (error) {
    throw namedError(error, wanted);
  }
}

/** Stores secrets that were made for a clinic. */
export async function insertSecrets(
  run: Runner,
  id: ClinicId,
  secrets: NewSecrets,
): Promise<void> {
  const rows = secrets.rows.map(({ sealed, ...row }) => ({
    ...row,
    sealed: sealed.toHex(),
  }));
  await Promise.all([
    run.rows(sql`
      insert into clinic_secrets (clinic_id, purpose, number, key_id, sealed)
      select ${id}, purpose, number, "keyId", decode(sealed, 'hex')
      from jsonb_to_recordset(${rows}::jsonb) as row (purpose text,
        number integer, "keyId" text, sealed text)`),
    run.rows(sql`
      insert into clinic_token_keys (clinic_id, number, public_jwk)
      values (${id}, 1, ${secrets.publicJwk})`),
  ]);
}

/**
 * A clinic with its secrets, straight from the registry.
 * @throws {Error} when there is none
 * @throws {SealError} when its secrets do not open with the keys
 */
export async function readRegistered(
  central: Connection,
  id: ClinicId,
  keys: KeyProvider,
  { tlsCa }: AdminLogin,
): Promise<Clinic> {
  const registry = new ClinicRegistry({
    read: (statement) => central.rows(statement),
  });
  const row = await registry.byId(id);
  if (!row) throw new Error("Cannot provision clinic: it is not registered");
  return await openClinic(row, keys, { tlsCa });
}

function namedError(error: unknown, wanted: NewClinic): unknown {
  if (!(error instanceof DatabaseError)) return error;
  switch (error.constraint) {
    case "clinics_slug_key":
      return new AppError(
        "duplicate",
        `Another clinic has the short name ${wanted.slug}; choose another with --slug`,
        { cause: error },
      );
    case "clinics_email_key":
      return new AppError(
        "duplicate",
        `Another clinic has the e-mail address ${wanted.email}`,
        { cause: error },
      );
    default:
      return error;
  }
}
