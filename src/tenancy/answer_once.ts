import type { Runner } from "../db/connection.ts";
import type {
  IdempotencyKeys,
  IdempotentRequest,
  StoredResponse,
} from "./idempotency_keys.ts";
import { WriteScope } from "./write_scope.ts";

export interface AnswerOnceOptions {
  readonly request: IdempotentRequest;
  /** Runs `fn` in the transaction that the effect and the answer share. */
  readonly transaction: <T>(fn: (run: Runner) => Promise<T>) => Promise<T>;
  readonly keysOf: (run: Runner) => IdempotencyKeys;
  /** Changes through the scope, and returns what to keep; `undefined` when it refused, and then everything is undone. */
  readonly handle: (scope: WriteScope) => Promise<StoredResponse | undefined>;
}

const UNDONE = new Error("The request was refused");

/**
 * Answers a request once: what `handle` changes and the answer that it returns are stored in one transaction; the same
 * request later is answered from there, and `handle` is not called.
 * @returns what was answered the first time, if there was one
 * @throws {AppError} `idempotency-key-reused`, `idempotency-in-flight`
 */
export async function answerOnce(
  { request, transaction, keysOf, handle }: AnswerOnceOptions,
): Promise<StoredResponse | undefined> {
  let scope: WriteScope | undefined;
  let handled: Promise<StoredResponse | undefined> | undefined;
  try {
    return await transaction(async (run) => {
      const keys = keysOf(run);
      const replay = await keys.claim(request);
      if (replay) return replay;
      scope = new WriteScope(run);
      handled = handle(scope);
      const response = await Promise.race([handled, scope.failed]);
      scope.finish();
      if (!response) throw UNDONE;
      keys.store(request, response);
      return undefined;
    });
  } catch (error) {
    scope?.finish();
    // By now it knows what failed, and has made its own answer of it.
    const response = await handled;
    if (response === undefined && handled !== undefined) return undefined;
    throw error;
  }
}
