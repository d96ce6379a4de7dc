import assert from "node:assert/strict";
import { untilRead } from "../../src/db/attempts.ts";
import { DatabaseError, wasCutOff, wasUnread } from "../../src/db/errors.ts";

const ENDED = new DatabaseError("unavailable", "it ended before", {
  sqlState: "57P05",
});
const UNSENT = new DatabaseError("unavailable", "closed", { unread: true });
const CUT_OFF = new DatabaseError("unavailable", "server connection closed", {
  sqlState: "08P01",
});

const SERIALIZATION = new DatabaseError("serialization", "again", {
  sqlState: "40001",
});

/** Fails as often as there are errors, then answers. */
function failing(
  ...errors: Error[]
): { send(): Promise<string>; sent: number } {
  return {
    sent: 0,
    send() {
      this.sent++;
      const error = errors.shift();
      return error ? Promise.reject(error) : Promise.resolve("answer");
    },
  };
}

Deno.test("attempts: what no server has read is sent again, three times in all", async () => {
  const twice = failing(ENDED, UNSENT);
  assert.equal(await untilRead(() => twice.send(), wasUnread), "answer");
  assert.equal(twice.sent, 3);
  const thrice = failing(ENDED, ENDED, ENDED);
  await assert.rejects(untilRead(() => thrice.send(), wasUnread), ENDED);
  assert.equal(thrice.sent, 3);
});

Deno.test("attempts: what a server may have read is sent once", async () => {
  for (const error of [CUT_OFF, SERIALIZATION, new Error("a bug")]) {
    const once = failing(error);
    await assert.rejects(untilRead(() => once.send(), wasUnread), error);
    assert.equal(once.sent, 1);
  }
  const login = failing(CUT_OFF);
  assert.equal(await untilRead(() => login.send(), wasCutOff), "answer");
});

Deno.test("attempts: nothing is sent again for those who have left", async () => {
  const left = failing(ENDED);
  const signal = AbortSignal.abort();
  const attempt = untilRead(() => left.send(), wasUnread, undefined, signal);
  await assert.rejects(attempt, ENDED);
  assert.equal(left.sent, 1);
});
