import type { Operation } from "../../src/tenancy/operations/operation.ts";

/** An operation that was begun and has not succeeded. The message is one line that says how to look into it. */
export class OperationFailed extends Error {
  override readonly name = "OperationFailed";

  constructor({ id, state, error }: Operation) {
    super(
      error === null
        ? `The operation was ${state}; see: cloison operations show ${id}`
        : error.code === "duplicate"
        ? error.message
        : `${error.message}; see: cloison operations show ${id}`,
    );
  }
}

/** @throws {OperationFailed} */
export function requireSuccess(operation: Operation): Operation {
  if (operation.state === "succeeded") return operation;
  throw new OperationFailed(operation);
}
