import { equal, throws } from "node:assert/strict";
import type { ClinicVault } from "../../src/crypto/clinic_vault.ts";
import { openCursor, sealCursor } from "../../src/http/cursor.ts";
import { AppError } from "../../src/kernel/errors.ts";

const ALPHABET =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const key = crypto.getRandomValues(new Uint8Array(32));
const vault = { deriveKey: () => key } as unknown as ClinicVault;

Deno.test("cursors: each has one spelling, also where the last letter of Base64 carries bits that mean nothing", () => {
  const lengths = new Set<number>();
  for (const name of ["a", "ab", "abc"]) {
    const cursor = sealCursor(vault, "list", [name, null]);
    lengths.add(cursor.length % 4);
    for (const letter of ALPHABET) {
      const spelling = cursor.slice(0, -1) + letter;
      if (spelling === cursor) {
        equal(openCursor(vault, "list", spelling)[0], name);
      } else throws(() => openCursor(vault, "list", spelling), isRefusal);
    }
  }
  equal(lengths.size, 3);
});

function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.code === "invalid-cursor";
}
