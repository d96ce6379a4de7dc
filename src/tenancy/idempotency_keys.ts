import * as v from "valibot";
import type { ClinicVault } from "../crypto/clinic_vault.ts";
import type { Runner } from "../db/connection.ts";
import { identifier, type Sql, sql } from "../db/sql.ts";
import { AppError } from "../kernel/errors.ts";
import { uuidv7 } from "../kernel/ids.ts";

/** What makes a request the same as an earlier one. */
export interface IdempotentRequest {
  /** What the client sent as `Idempotency-Key`. */
  readonly key: string;
  /** Method and path pattern. */
  readonly operation: string;
  /** Everything that the answer depends on: path, query and body. */
  readonly content: string;
}

const StoredResponse = v.object({
  status: v.number(),
  headers: v.record(v.string(), v.string()),
  body: v.string(),
});

/** An answer, as it is kept to be given again. */
export type StoredResponse = v.InferOutput<typeof StoredResponse>;

interface KeyRow {
  readonly id: string;
  readonly request_index: Uint8Array;
  readonly response_sealed: Uint8Array;
}

const KEPT_HOURS = 24;
const IN_FLIGHT_RETRY_SECONDS = 1;

/** The answers to one person's requests that carried a key, in their clinic's database or the central one. */
export class IdempotencyKeys {
  readonly #run: Runner;
  readonly #vault: ClinicVault;
  readonly #ownerId: string;
  readonly #owner: Sql;
  readonly #patients: ReadonlySet<string> | undefined;

  /**
   * @param run the transaction of the request's effect
   * @param ownerId whose keys they are
   * @param options.column of `idempotency_keys` that names the owner: the staff of a clinic, the users of the platform
   * @param options.patients whom the request's effect is about, by the time that its answer is stored; in a clinic
   */
  constructor(
    run: Runner,
    vault: ClinicVault,
    ownerId: string,
    { column = "staff_id", patients }: {
      readonly column?: "staff_id" | "user_id";
      readonly patients?: ReadonlySet<string>;
    },
  ) {
    this.#run = run;
    this.#vault = vault;
    this.#ownerId = ownerId;
    this.#owner = identifier(column);
    this.#patients = patients;
  }

  /**
   * Takes the key until the transaction ends, or finds what was answered to it.
   * @throws {AppError} `idempotency-in-flight` when somebody else has it now; `idempotency-key-reused` when it was used
   * for another request
   */
  async claim(request: IdempotentRequest): Promise<StoredResponse | undefined> {
    const keyIndex = this.#keyIndex(request);
    // Sent together. The second sees what the last owner of the lock has committed.
    const [[lock], [row]] = await Promise.all([
      this.#run.rows<{ taken: boolean }>(
        sql`select pg_try_advisory_xact_lock(${
          lockNumber(keyIndex)
        }::bigint) as taken`,
      ),
      this.#run.rows<KeyRow>(sql`
        select id, request_index, response_sealed from idempotency_keys
        where ${this.#owner} = ${this.#ownerId} and operation = ${request.operation}
          and key_index = ${keyIndex} and expires_at > now()`),
    ]);
    if (row) return this.#open(row, request);
    if (lock?.taken) return undefined;
    throw new AppError(
      "idempotency-in-flight",
      "The first request with this Idempotency-Key is still under way",
      { retryAfter: IN_FLIGHT_RETRY_SECONDS },
    );
  }

  /** Keeps the answer. Sent and not waited for: it travels with the commit, which fails if it does. */
  store(request: IdempotentRequest, response: StoredResponse): void {
    const id = uuidv7();
    const sealed = this.#vault.sealText(place(id), JSON.stringify(response));
    const patients = this.#patients && [...this.#patients];
    const [column, value, change] = patients
      ? [
        sql`, patient_ids`,
        sql`, ${patients}::uuid[]`,
        sql`, patient_ids = excluded.patient_ids`,
      ]
      : [sql``, sql``, sql``];
    this.#run.rows(sql`
      insert into idempotency_keys (id, ${this.#owner}, operation, key_index,
        request_index, response_sealed, expires_at${column})
      values (${id}, ${this.#ownerId}, ${request.operation},
        ${this.#keyIndex(request)}, ${this.#requestIndex(request)}, ${sealed},
        now() + make_interval(hours => ${KEPT_HOURS})${value})
      on conflict on constraint idempotency_keys_key do update set
        id = excluded.id, request_index = excluded.request_index,
        response_sealed = excluded.response_sealed, created_at = now(),
        expires_at = excluded.expires_at${change}
      where idempotency_keys.expires_at <= now()`).catch(() => {});
  }

  #open(row: KeyRow, request: IdempotentRequest): StoredResponse {
    const index = this.#requestIndex(request);
    if (row.request_index.toHex() !== index.toHex()) throw keyReused();
    const text = this.#vault.openText(place(row.id), row.response_sealed);
    return v.parse(StoredResponse, JSON.parse(text));
  }

  #keyIndex({ key, operation }: IdempotentRequest): Uint8Array {
    return this.#vault.blindIndex(
      "idempotency.key",
      JSON.stringify([this.#ownerId, operation, key]),
    );
  }

  #requestIndex({ content }: IdempotentRequest): Uint8Array {
    return this.#vault.blindIndex("idempotency.request", content);
  }
}

/** Deletes what may be forgotten, as part of the clinic's upkeep. @returns how many there were */
export async function purgeIdempotencyKeys(run: Runner): Promise<number> {
  const rows = await run.rows(
    sql`delete from idempotency_keys where expires_at <= now() returning id`,
  );
  return rows.length;
}

function lockNumber(index: Uint8Array): bigint {
  return new DataView(index.buffer, index.byteOffset).getBigInt64(0);
}

function place(id: string) {
  return { table: "idempotency_keys", column: "response_sealed", row: id };
}

function keyReused(): AppError {
  return new AppError(
    "idempotency-key-reused",
    "The Idempotency-Key was used before, for another request",
  );
}
