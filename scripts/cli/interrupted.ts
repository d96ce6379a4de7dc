import type { Operation } from "../../src/tenancy/operations/operation.ts";

/** Whoever typed the command has taken it back; what was begun is a worker's by now. The message is one line. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor({ id, kind }: Operation) {
    super(
      `Interrupted; a worker goes on. To see how far it is: cloison operations show ${id}${
        kind === "create" ? `; to undo it: cloison operations cancel ${id}` : ""
      }`,
    );
  }
}
