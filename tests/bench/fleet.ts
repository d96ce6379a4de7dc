import { CELL } from "../../scripts/dev/paths.ts";
import { PasswordHasher } from "../../src/crypto/passwords.ts";
import type { Connection } from "../../src/db/connection.ts";
import { identifier, sql } from "../../src/db/sql.ts";
import {
  type ClinicId,
  type SessionId,
  type StaffId,
  uuidv7,
} from "../../src/kernel/ids.ts";
import type { Clinic } from "../../src/tenancy/clinic.ts";
import { ClinicRegistry } from "../../src/tenancy/directory/clinic_registry.ts";
import { openClinic } from "../../src/tenancy/directory/clinic_secrets.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import {
  closeToOthers,
  ensureRole,
} from "../../src/tenancy/provisioning/clinic_database.ts";
import { makeSecrets } from "../../src/tenancy/provisioning/new_secrets.ts";
import { ddl } from "../../src/tenancy/provisioning/template.ts";
import type { BenchStack } from "./bench_stack.ts";
import { type Golden, makeGolden } from "./golden.ts";

/** Somebody who is logged in. */
interface Session {
  readonly id: ClinicId;
  readonly staffId: StaffId;
  readonly sessionId: SessionId;
}

/** A clinic with somebody who is logged in. */
export interface Seat extends Omit<Session, "id"> {
  readonly clinic: Clinic;
}

/** A clinic that was made just now. */
export interface NewSeat extends Seat {
  /** The social security numbers of the patients that are read, sealed with this clinic's key. */
  readonly nirs: readonly SealedNir[];
}

export interface SealedNir {
  readonly id: string;
  readonly sealed: Uint8Array;
  readonly index: Uint8Array;
}

export interface Fleet {
  readonly golden: Golden;
  readonly seats: readonly Seat[];
}

/** What is kept of a fleet beside its databases. */
interface FleetFile {
  readonly golden: Golden;
  readonly sessions: readonly Session[];
}

const FILE = "fleet.json";

/** Databases that are copied at a time. */
const PARALLEL = 2;
const BATCH = 100;

/** Makes `count` clinics as the provisioner does, but for their patients: those come with the copy. */
export async function buildFleet(
  bench: BenchStack,
  count: number,
  signal: AbortSignal,
): Promise<NewSeat[]> {
  const { login, dir } = bench;
  return await withDatabase(login, CENTRAL_DATABASE, async (central) => {
    const golden = await makeGolden(login, central);
    const hash = await new PasswordHasher().hash("nobody logs in with this");
    const ids: ClinicId[] = [];
    while (ids.length < count) {
      const size = Math.min(BATCH, count - ids.length);
      ids.push(...await register(bench, central, golden, size));
    }
    const queue = ids.entries(); // shared: each worker takes the next one
    const seats: NewSeat[] = [];
    const workers = Array.from(
      { length: PARALLEL },
      () =>
        withDatabase(login, CENTRAL_DATABASE, async (maintenance) => {
          for (const [i, id] of queue) {
            signal.throwIfAborted();
            const clinic = await readClinic(bench, maintenance, id);
            seats[i] = await makeDatabase(
              bench,
              maintenance,
              golden,
              clinic,
              hash,
            );
          }
        }),
    );
    await Promise.all(workers);
    const sessions = seats.map(({ clinic: { id }, staffId, sessionId }) => ({
      id,
      staffId,
      sessionId,
    }));
    const file: FleetFile = { golden, sessions };
    await Deno.writeTextFile(`${dir}/${FILE}`, JSON.stringify(file));
    return seats;
  });
}

/** The fleet that `buildFleet` made. */
export async function openFleet(bench: BenchStack): Promise<Fleet> {
  const { golden, sessions }: FleetFile = JSON.parse(
    await Deno.readTextFile(`${bench.dir}/${FILE}`),
  );
  const seats = await withDatabase(
    bench.login,
    CENTRAL_DATABASE,
    (central) =>
      Promise.all(sessions.map(async ({ id, ...session }) => ({
        clinic: await readClinic(bench, central, id),
        ...session,
      }))),
  );
  return { golden, seats };
}

/** Adds clinics to the registry, with all their secrets. */
async function register(
  { keys }: BenchStack,
  central: Connection,
  golden: Golden,
  count: number,
): Promise<ClinicId[]> {
  const ids = Array.from({ length: count }, () => uuidv7() as ClinicId);
  const made = await Promise.all(ids.map((id) => makeSecrets(keys, id)));
  const secrets = ids.flatMap((id, i) =>
    made[i]!.rows.map(({ sealed, ...row }) => ({
      id,
      ...row,
      sealed: sealed.toHex(),
    }))
  );
  const jwks = ids.map((id, i) => ({ id, jwk: made[i]!.publicJwk }));
  await central.transaction("read write", async (run) => {
    await run.rows(sql`
      insert into clinics (id, cell_id, slug, name, email, state, schema_version)
      select id, (select id from cells where name = ${CELL}), 'bench-' || id,
        'Bench ' || id, id || '@clinic.example', 'active',
        ${golden.schemaVersion}::integer
      from unnest(${ids}::uuid[]) as row (id)`);
    await run.rows(sql`
      insert into clinic_secrets (clinic_id, purpose, number, key_id, sealed)
      select id, purpose, number, "keyId", decode(sealed, 'hex')
      from jsonb_to_recordset(${secrets}::jsonb) as row (id uuid, purpose text,
        number integer, "keyId" text, sealed text)`);
    await run.rows(sql`
      insert into clinic_token_keys (clinic_id, number, public_jwk)
      select id, 1, jwk
      from jsonb_to_recordset(${jwks}::jsonb) as row (id uuid, jwk jsonb)`);
  });
  return ids;
}

/** The clinic with its secrets, as the API opens it. */
export async function readClinic(
  { keys, stack }: BenchStack,
  central: Connection,
  id: ClinicId,
): Promise<Clinic> {
  const registry = new ClinicRegistry({
    read: (statement) => central.rows(statement),
  });
  const row = await registry.byId(id);
  if (!row) throw new Error("Cannot find clinic: it is not registered");
  return await openClinic(row, keys, { tlsCa: stack.pooler.tlsCa });
}

async function makeDatabase(
  { login }: BenchStack,
  maintenance: Connection,
  golden: Golden,
  clinic: Clinic,
  passwordHash: string,
): Promise<NewSeat> {
  const { database, password } = clinic.target;
  const name = identifier(database);
  await ensureRole(maintenance, database, password);
  await ddl(
    maintenance,
    sql`create database ${name} template ${identifier(golden.database)}
      strategy wal_log owner cloison_owner allow_connections false`,
  );
  await closeToOthers(maintenance, database);
  const staffId = uuidv7() as StaffId;
  const sessionId = uuidv7() as SessionId;
  const nirs = golden.read.flatMap(({ id, nir }) =>
    nir === null ? [] : [{
      id,
      sealed: clinic.vault.sealText({
        table: "patients",
        column: "nir_sealed",
        row: id,
      }, nir),
      index: clinic.vault.blindIndex("patients.nir", nir),
    }]
  );
  await withDatabase(login, database, async (connection) => {
    await ddl(
      connection,
      sql`set role cloison_owner; grant usage on schema public to ${name}`,
    );
    await connection.rows(sql`
      insert into staff (id, email, given_names, family_name, role, state, password_hash)
      values (${staffId}, 'physician@clinic.example', 'Ada', 'Bench', 'physician',
        'active', ${passwordHash})`);
    await connection.rows(sql`
      insert into sessions (id, staff_id, expires_at)
      values (${sessionId}, ${staffId}, now() + interval '12 hours')`);
    await setNirs(connection, nirs);
  });
  return { clinic, staffId, sessionId, nirs };
}

async function setNirs(
  connection: Connection,
  nirs: readonly SealedNir[],
): Promise<void> {
  await connection.rows(sql`
    update patients set nir_sealed = decode(row.sealed, 'hex'),
      nir_index = decode(row.index, 'hex')
    from jsonb_to_recordset(${nirRows(nirs)}::jsonb)
      as row (id uuid, sealed text, index text)
    where patients.id = row.id`);
}

/** As JSON can hold them. */
export function nirRows(nirs: readonly SealedNir[]): object[] {
  return nirs.map(({ id, sealed, index }) => ({
    id,
    sealed: sealed.toHex(),
    index: index.toHex(),
  }));
}
