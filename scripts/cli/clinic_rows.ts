import { sql } from "../../src/db/sql.ts";
import { BACKUPS_DELETED_AT } from "../../src/tenancy/operations/confirmations.ts";
import type { Operation } from "../../src/tenancy/operations/operation.ts";
import type { OpenLedger } from "./run_operation.ts";
import { ArgumentError } from "./arguments.ts";
import { noSuchClinic } from "./refusals.ts";
import { SLUG } from "./slug.ts";

/** A clinic as the registry has it, with what is going on with it. */
export interface ClinicRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly state: string;
  readonly cell: string;
  readonly email: string;
  readonly phone: string | null;
  readonly database: string;
  readonly schemaVersion: number;
  readonly createdAt: string;
  /** When its data are removed, if it is being closed. */
  readonly purgeAt: string | null;
  readonly closedAt: string | null;
  /** When its backups are removed, once its data are or a date for that is set. */
  readonly backupsDeletedAt: string | null;
}

/** The argument that names a clinic. @throws {ArgumentError} */
export function readSlug(text: string): string {
  if (SLUG.test(text)) return text;
  throw new ArgumentError(
    "the short name must be 3 to 63 of a-z, 0-9 and -, with no - at either end",
  );
}

/** By short name; of all that are not closed, or of one, also when it is. */
export async function readClinics(
  { central }: OpenLedger,
  { slug = null, all = false }: {
    readonly slug?: string | null;
    readonly all?: boolean;
  } = {},
): Promise<ClinicRow[]> {
  return await central.read<ClinicRow>(sql`
    select clinics.id, slug, clinics.name, clinics.state, cells.name as cell,
      email, phone, database_name as database,
      schema_version as "schemaVersion", clinics.created_at as "createdAt",
      purge_at as "purgeAt", closed_at as "closedAt",
      ${BACKUPS_DELETED_AT} as "backupsDeletedAt"
    from clinics join cells on cells.id = cell_id
    where (${slug}::text is null or slug = ${slug}::text)
      and (${all || slug !== null}::boolean or clinics.state <> 'closed')
    order by slug`);
}

/** @throws {AppError} `not-found` */
export async function readClinic(
  ledger: OpenLedger,
  slug: string,
): Promise<ClinicRow> {
  const [clinic] = await readClinics(ledger, { slug: readSlug(slug) });
  if (clinic) return clinic;
  throw noSuchClinic(slug);
}

/** Short names, by id, of the clinics that operations are on; of one that is being made, the one that it will have. */
export async function readSlugs(
  { central }: OpenLedger,
  operations: readonly Pick<Operation, "clinicId" | "input">[],
): Promise<ReadonlyMap<string, string>> {
  const ids = operations.flatMap(({ clinicId }) => clinicId ?? []);
  const rows = await central.read<{ id: string; slug: string }>(sql`
    select id, slug from clinics where id = any (${ids}::uuid[])`);
  const wanted = operations.flatMap(({ clinicId, input }) =>
    clinicId !== null && typeof input.slug === "string"
      ? [[clinicId, input.slug] as const]
      : []
  );
  return new Map([
    ...wanted,
    ...rows.map(({ id, slug }) => [id, slug] as const),
  ]);
}
