import { equal } from "node:assert/strict";
import type { Connection } from "../../src/db/connection.ts";
import { identifier, sql } from "../../src/db/sql.ts";
import {
  type AdminLogin,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { type Answer, assertProblem, type Json } from "./client.ts";
import { untilWaiting } from "./sql.ts";

export interface Creation {
  readonly client: {
    post(path: string, body?: Json, headers?: HeadersInit): Promise<Answer>;
  };
  readonly path: string;
  readonly body?: Json;
  /** Where it is stored: locked, so that the first request waits in the middle of its work. */
  readonly table: string;
  readonly login: AdminLogin;
  readonly database: string;
}

/**
 * Sends a request with a key twice, the second time while the first is under way: that one is refused. Afterwards the same
 * request has the first one's answer.
 */
export async function assertMadeOnce(creation: Creation): Promise<void> {
  const { client, path, body, table, login, database } = creation;
  const headers = { "idempotency-key": crypto.randomUUID() };
  let first: Promise<Answer> | undefined;
  await withDatabase(
    login,
    database,
    (connection: Connection) =>
      connection.transaction("read write", async (run) => {
        await run.rows(sql`lock table ${identifier(table)} in share mode`);
        first = client.post(path, body, headers);
        await untilWaiting(run);
        const second = await client.post(path, body, headers);
        assertProblem(second, 409, "idempotency-in-flight");
      }),
  );
  equal((await first!).status, 201, path);
  const again = await client.post(path, body, headers);
  equal(again.text, (await first!).text, path);
}

/** Has so many requests under way that there is a connection for a second one while a first one waits. */
export async function openConnections(
  client: { get(path: string): Promise<Answer> },
  path: string,
): Promise<void> {
  await Promise.all(Array.from({ length: 20 }, () => client.get(path)));
}
