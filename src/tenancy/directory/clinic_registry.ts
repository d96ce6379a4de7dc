import * as v from "valibot";
import { type Sql, sql } from "../../db/sql.ts";
import { CLINIC_STATES } from "../clinic.ts";

const Bytes = v.pipe(
  v.string(),
  v.base64(),
  v.transform((text) => Uint8Array.fromBase64(text)),
);

const RegistryRow = v.object({
  id: v.pipe(v.string(), v.uuid()),
  slug: v.string(),
  name: v.string(),
  state: v.picklist(CLINIC_STATES),
  time_zone: v.string(),
  schema_version: v.number(),
  oldest_code: v.nullable(v.number()),
  database_name: v.string(),
  cell_id: v.pipe(v.string(), v.uuid()),
  cell_name: v.string(),
  pooler_host: v.string(),
  pooler_port: v.number(),
  secrets: v.array(v.object({
    purpose: v.picklist([
      "database-password",
      "token-key",
      "data-key",
      "index-key",
    ]),
    number: v.number(),
    key_id: v.string(),
    sealed: Bytes,
    /** In use; a younger one may be announced, older ones are retired. */
    active: v.boolean(),
    retired: v.boolean(),
  })),
  token_keys: v.array(v.object({ number: v.number(), jwk: v.unknown() })),
});

/** What the central database holds of a clinic: everything that opens it is sealed. */
export type RegistryRow = v.InferOutput<typeof RegistryRow>;

/** Whatever runs a statement that reads the central database. */
export interface CentralReader {
  read<Row>(statement: Sql): Promise<Row[]>;
}

/** Reads one clinic in one round trip. */
export class ClinicRegistry {
  readonly #central: CentralReader;

  constructor(central: CentralReader) {
    this.#central = central;
  }

  byId(id: string): Promise<RegistryRow | undefined> {
    return this.#find(sql`clinics.id = ${id}`);
  }

  bySlug(slug: string): Promise<RegistryRow | undefined> {
    return this.#find(sql`clinics.slug = ${slug}`);
  }

  async #find(condition: Sql): Promise<RegistryRow | undefined> {
    const [row] = await this.#central.read<unknown>(sql`
      select clinics.id, clinics.slug, clinics.name, clinics.state,
        clinics.time_zone, clinics.database_name, clinics.schema_version,
        (select oldest_code from clinic_schemas
          where version = clinics.schema_version), cells.id as cell_id,
        cells.name as cell_name, cells.pooler_host, cells.pooler_port,
        (select coalesce(jsonb_agg(jsonb_build_object(
            'purpose', purpose, 'number', number, 'key_id', key_id,
            'sealed', replace(encode(sealed, 'base64'), e'\n', ''),
            'active', active and retired_at is null,
            'retired', retired_at is not null)
            order by purpose, number), '[]')
          from clinic_secrets where clinic_id = clinics.id) as secrets,
        (select coalesce(jsonb_agg(jsonb_build_object(
            'number', number, 'jwk', public_jwk) order by number), '[]')
          from clinic_token_keys
          where clinic_id = clinics.id and retired_at is null) as token_keys
      from clinics join cells on cells.id = clinics.cell_id
      where ${condition} and clinics.state <> 'closed'`);
    return row === undefined ? undefined : v.parse(RegistryRow, row);
  }
}
