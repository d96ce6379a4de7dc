import { createHash } from "node:crypto";
import type { SealedSecret } from "../../crypto/seal.ts";
import { DatabaseError } from "../../db/errors.ts";
import { type Sql, sql } from "../../db/sql.ts";
import { AppError } from "../../kernel/errors.ts";
import type { NewId } from "../../kernel/ids.ts";
import { requireConfirmation } from "./confirmations.ts";
import { type OperationInput, readInput } from "./inputs.ts";
import {
  type Operation,
  OPERATION_COLUMNS,
  type OperationKind,
  type OperationState,
  toOperation,
} from "./operation.ts";
import { toOperationError } from "./refusals.ts";

/** Whatever runs statements in the central database; a `Pool` does. */
export interface CentralAccess {
  read<Row>(statement: Sql): Promise<Row[]>;
  execute<Row>(statement: Sql): Promise<Row[]>;
}

export interface OperationRequest<Kind extends OperationKind = OperationKind> {
  readonly kind: Kind;
  /** Null for `create`, and for work on a whole cell. */
  readonly clinicId: string | null;
  readonly input: OperationInput<Kind> | Readonly<Record<string, unknown>>;
  /** A platform user; null for whoever has the operator's commands. */
  readonly requestedBy: string | null;
  /** The same key of the same user gives the operation that it was used for first. */
  readonly idempotencyKey?: string | undefined;
  /** For `close`: what `planClosing` gave. The operator's commands ask for the clinic's name instead. */
  readonly confirmation?: string | undefined;
}

/** What the operator's commands add, which run as the worker and begin at once what they ask for. */
export interface OwnOperation {
  readonly id: string;
  /** What nobody may read in the ledger; see `operationPlace`. */
  readonly secret?: SealedSecret | undefined;
  /** So long no other worker begins with it, in milliseconds. */
  readonly reservedMs: number;
}

export interface OperationFilter {
  readonly clinicId?: string | undefined;
  readonly kind?: OperationKind | undefined;
  readonly states?: readonly OperationState[] | undefined;
}

export interface OperationPage {
  /** At most so many. */
  readonly limit: number;
  /** Only older ones than the operation of this id. */
  readonly before?: string | undefined;
}

/**
 * The ledger, as those see it who ask for operations: a row is all that a request leaves. Workers hear of it at once.
 * Runs as `cloison_api`, which may add, read, cancel and retry, and nothing else.
 */
export class Operations {
  readonly #central: CentralAccess;
  readonly #newId: NewId;

  constructor(central: CentralAccess, newId: NewId) {
    this.#central = central;
    this.#newId = newId;
  }

  /**
   * @throws {AppError} `invalid-request`; `duplicate` when a short name or an address is taken; `not-found` when there is
   * no such clinic; `invalid-transition`, with the `state` of the clinic and the `allowed` kinds; `conflict` when
   * another operation on the clinic is not over; `idempotency-key-reused`
   */
  async request(
    wanted: OperationRequest,
    own?: OwnOperation,
  ): Promise<Operation> {
    const input = readInput(wanted.kind, wanted.input);
    const hash = hashOf(wanted, input);
    const repeated = await this.#findRepeated(wanted, hash);
    if (repeated) return repeated;
    // What was shown is what is done.
    const shown = wanted.kind === "close" && wanted.requestedBy !== null
      ? await requireConfirmation(this.#central, wanted)
      : undefined;
    const { kind, requestedBy, idempotencyKey = null } = wanted;
    const clinicId = kind === "create" ? this.#newId() : wanted.clinicId;
    try {
      const [row] = await this.#central.execute<unknown>(sql`
        insert into operations (id, kind, clinic_id, input, requested_by,
          idempotency_key, request_hash${own ? OWN_COLUMNS : sql``})
        values (${own?.id ?? this.#newId()}, ${kind}, ${clinicId},
          ${{ ...input, ...shown }},
          ${requestedBy}, ${idempotencyKey}, ${hash}${
        own ? ownValues(own) : sql``
      })
        returning ${OPERATION_COLUMNS}`);
      return toOperation(row);
    } catch (error) {
      // Two at once, and the other was first: whatever rule refused this one.
      const first = error instanceof DatabaseError &&
        await this.#findRepeated(wanted, hash);
      if (first) return first;
      throw await toOperationError(this.#central, error, wanted);
    }
  }

  async get(id: string): Promise<Operation | undefined> {
    const [row] = await this.#central.read<unknown>(sql`
      select ${OPERATION_COLUMNS} from operations where id = ${id}`);
    return row === undefined ? undefined : toOperation(row);
  }

  /** The newest first. */
  async list(
    filter: OperationFilter,
    { limit, before }: OperationPage,
  ): Promise<Operation[]> {
    const { clinicId = null, kind = null, states = null } = filter;
    const rows = await this.#central.read<unknown>(sql`
      select ${OPERATION_COLUMNS} from operations
      where (${clinicId}::uuid is null or clinic_id = ${clinicId}::uuid)
        and (${kind}::text is null or kind = ${kind}::text)
        and (${states}::text[] is null or state = any (${states}::text[]))
        and (${before ?? null}::uuid is null or id < ${before ?? null}::uuid)
      order by id desc limit ${limit}::integer`);
    return rows.map(toOperation);
  }

  /**
   * Takes an operation back that nothing was done of, or has what was done of a new clinic undone: then it is
   * `cancelled` a moment later.
   * @throws {AppError} `not-found`; `conflict` when it is too late
   */
  cancel(id: string): Promise<Operation> {
    return this.#change(id, sql`select cancel_operation(${id}) as id`);
  }

  /**
   * Lets an operation that failed go on where it stopped.
   * @throws {AppError} `not-found`; `conflict` when it has not failed, or when another one on the clinic is not over
   */
  retry(id: string): Promise<Operation> {
    return this.#change(id, sql`select retry_operation(${id}) as id`);
  }

  async #change(id: string, statement: Sql): Promise<Operation> {
    try {
      await this.#central.execute(statement);
    } catch (error) {
      throw await toOperationError(this.#central, error);
    }
    const changed = await this.get(id);
    if (!changed) {
      throw new AppError("not-found", "There is no such operation");
    }
    return changed;
  }

  async #findRepeated(
    { idempotencyKey, requestedBy }: OperationRequest,
    hash: Uint8Array,
  ): Promise<Operation | undefined> {
    if (idempotencyKey === undefined) return undefined;
    const [row] = await this.#central.read<{ request_hash: Uint8Array }>(sql`
      select ${OPERATION_COLUMNS}, request_hash from operations
      where idempotency_key = ${idempotencyKey}
        and requested_by is not distinct from ${requestedBy}`);
    if (!row) return undefined;
    if (row.request_hash.toHex() !== hash.toHex()) {
      throw new AppError(
        "idempotency-key-reused",
        "The Idempotency-Key was used before, for another request",
      );
    }
    return toOperation(row);
  }
}

const OWN_COLUMNS = sql`, next_attempt_at, secret_key_id, secret_sealed`;

function ownValues({ reservedMs, secret }: OwnOperation): Sql {
  return sql`, now() + make_interval(secs => ${
    reservedMs / 1000
  }::double precision), ${secret?.keyId ?? null}, ${secret?.sealed ?? null}`;
}

function hashOf(
  { kind, clinicId }: OperationRequest,
  input: unknown,
): Uint8Array {
  const text = JSON.stringify([kind, clinicId, input]);
  return new Uint8Array(createHash("sha256").update(text).digest());
}
