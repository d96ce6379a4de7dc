import assert from "node:assert/strict";
import { attacks } from "../../scripts/drill/attacks.ts";
import { runAttack } from "../../scripts/drill/run_attack.ts";
import { Connection } from "../../src/db/connection.ts";
import { provisionClinic, readClinic } from "../support/provisioned.ts";
import { testStack } from "../support/test_stack.ts";

Deno.test("isolation: no statement gets a clinic's role out of its database", async () => {
  const stack = testStack();
  const [made, other] = await Promise.all([
    provisionClinic(stack),
    provisionClinic(stack),
  ]);
  const { target } = await readClinic(stack, made.id);
  const { host, port, tlsCa } = stack.postgres;
  const pooled = await Connection.open(target);
  const direct = await Connection.open({ ...target, host, port, tlsCa });
  try {
    const wrong: string[] = [];
    const all = attacks({ own: made.database, other: other.database });
    for (const attack of all) {
      const ways = attack.alone ? [direct] : [pooled, direct];
      for (const connection of ways) {
        const outcome = await runAttack(connection, attack);
        if (outcome) wrong.push(`${attack.name}: ${outcome}`);
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(all.length >= 30);
  } finally {
    await Promise.all([pooled.close(), direct.close()]);
  }
});
