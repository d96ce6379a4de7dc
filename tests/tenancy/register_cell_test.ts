import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { registerCell } from "../../src/tenancy/provisioning/central.ts";
import { testStack, workerLogin } from "../support/test_stack.ts";

Deno.test("registerCell: a budget that leaves the server no connections for anything else is refused, and nothing stored", async () => {
  const stack = testStack();
  const login = workerLogin(stack);
  const { pooler, postgres } = stack;
  const name = `room-${crypto.randomUUID().slice(0, 8)}`;
  const register = (maxBackends: number) =>
    registerCell(login, { name, pooler, postgres, maxBackends }, uuidv7);
  const rows = <Row>(statement: ReturnType<typeof sql>) =>
    withDatabase(
      login,
      CENTRAL_DATABASE,
      (central) => central.rows<Row>(statement),
    );
  const [limits] = await rows<{ all: number; superuser: number }>(sql`
    select current_setting('max_connections')::integer as all,
      current_setting('superuser_reserved_connections')::integer as superuser`);
  const most = limits!.all - limits!.superuser - 30;

  await assert.rejects(
    register(most + 1),
    new RegExp(`${most + 1} backends are too many.*room for ${most};`),
  );
  const stored = sql`select max_backends from cells where name = ${name}`;
  assert.equal((await rows(stored)).length, 0);

  await register(most);
  await assert.rejects(register(most + 1));
  const [cell] = await rows<{ max_backends: number }>(stored);
  assert.equal(cell!.max_backends, most);
});
