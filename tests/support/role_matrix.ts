import { deepEqual, equal } from "node:assert/strict";
import { type Answer, Client } from "./client.ts";
import type { Operation } from "./document.ts";
import type { World } from "./world.ts";

// Who may do what: every operation of the document that the running API publishes, asked as every role. The table is what
// was decided; an operation that is not in it, or a cell that differs, fails. After a decision, CLOISON_WRITE_MATRIX=1
// writes the table anew, and the difference is there to be reviewed.

type Cell = "yes" | "-" | "public";

async function ask(
  client: Client,
  { method, path }: Operation,
): Promise<Answer> {
  // A permission is looked at before anything else of the request: nothing needs to be right in it, or to happen.
  const concrete = path.replaceAll(/\{\w+\}/g, () => crypto.randomUUID());
  return await client.send(method, concrete, { headers: { "if-match": "*" } });
}

async function cellOf(client: Client, operation: Operation): Promise<Cell> {
  const { status, body } = await ask(client, operation);
  equal(status === 401, false, `${operation.id}: the token is no good`);
  if (status !== 403) return "yes";
  equal(body.type, "/problems/permission-denied", operation.id);
  equal(body.permission, operation.permission, operation.id);
  return "-";
}

function line(name: string, cells: readonly string[]): string {
  return [name.padEnd(26), ...cells.map((cell) => cell.padEnd(12))]
    .join(" ").trimEnd();
}

/** Holds what each role may do against what was decided. @param clients one of each role */
export async function assertRoleMatrix(
  world: World,
  table: URL,
  operations: readonly Operation[],
  clients: ReadonlyMap<string, Client>,
): Promise<void> {
  const anybody = new Client(world.url);
  const lines = [line("operation", [...clients.keys()])];
  for (const operation of operations.toSorted((a, b) => a.id < b.id ? -1 : 1)) {
    const { status, body } = await ask(anybody, operation);
    const isPublic = body.type !== "/problems/authentication-required";
    equal(isPublic, operation.isPublic, operation.id);
    if (!isPublic) equal(status, 401, operation.id);
    const cells = isPublic
      ? [...clients].map(() => "public")
      : await Promise.all(
        [...clients.values()].map((client) => cellOf(client, operation)),
      );
    lines.push(line(operation.id, cells));
  }
  if (Deno.env.get("CLOISON_WRITE_MATRIX") === "1") {
    await Deno.writeTextFile(table, `${lines.join("\n")}\n`);
  }
  const decided = (await Deno.readTextFile(table)).trimEnd().split("\n");
  deepEqual(lines, decided);
}
