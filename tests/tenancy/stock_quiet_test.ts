import assert from "node:assert/strict";
import { Quiet } from "../../src/tenancy/stock/quiet.ts";

/** How long it waits, in milliseconds. */
async function timeOf(wait: Promise<void>): Promise<number> {
  const started = performance.now();
  await wait;
  return performance.now() - started;
}

Deno.test("Quiet does not wait where nobody has asked for anything", async () => {
  assert.ok(await timeOf(new Quiet().wait()) < 100);
});

Deno.test("Quiet waits until the last request is a moment ago", async () => {
  const quiet = new Quiet();
  quiet.disturb();
  let last = 0;
  const timer = setTimeout(() => {
    quiet.disturb();
    last = performance.now();
  }, 150);
  await quiet.wait();
  clearTimeout(timer);
  const after = performance.now() - last;
  assert.ok(after > 240 && after < 1_000, `${after} ms after the last`);
});

Deno.test("Quiet does not wait for ever for requests that do not end", async () => {
  const quiet = new Quiet();
  quiet.disturb();
  const timer = setInterval(() => quiet.disturb(), 20);
  const waited = await timeOf(quiet.wait());
  clearInterval(timer);
  assert.ok(waited > 1_500 && waited < 4_000, `${waited} ms`);
});

Deno.test("Quiet lets go of who waits when it is over", async () => {
  const quiet = new Quiet();
  quiet.disturb();
  const waiting = timeOf(quiet.wait());
  quiet.end();
  assert.ok(await waiting < 100);
  quiet.disturb();
  assert.ok(await timeOf(quiet.wait()) < 100);
});
