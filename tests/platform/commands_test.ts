import { deepEqual, equal, match, ok } from "node:assert/strict";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";
import { sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { Client } from "../support/client.ts";
import { COMMAND, environment } from "../support/cloison.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import {
  codeOf,
  enrol,
  logInToPlatform,
  PASSWORD,
} from "../support/platform.ts";
import { type TestStack, workerLogin } from "../support/test_stack.ts";
import { openWorld } from "../support/world.ts";

const ME = "/v1/platform/auth/me";

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs a command of the operator with something on its standard input. */
async function cloison(
  stack: TestStack,
  args: readonly string[],
  typed = "",
): Promise<Answer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...COMMAND, ...args],
    cwd: PROJECT_DIR,
    env: {
      ...environment({ stack, cell: stack.cell }),
      CLOISON_ADMIN_PLATFORM_KEY: Deno.readTextFileSync(
        stack.platformKeyFile!,
      ),
      NO_COLOR: "1",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // One that refuses its arguments does not read.
  await writer.write(new TextEncoder().encode(typed)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), error: decoder.decode(stderr) };
}

Deno.test("platform-user: an operator makes users who log in, suspends them and lets them set up another app", async () => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  await using world = await openWorld({ clinics: 0, stack });
  const email = "owner@platform.test";
  const create = ["platform-user", "create", "--role", "owner"];
  const named = [...create, "--name", "Dominique d'Été", "--email", email];
  const made = await cloison(stack, [...named, "--json"], `${PASSWORD}\n`);
  equal(made.code, 0, made.error);
  const { id } = JSON.parse(made.out);
  ok(!(made.out + made.error).includes(PASSWORD));

  const seed = await enrol(world, { id, email });
  const first = await logInToPlatform(world, { email }, { code: codeOf(seed) });
  equal(first.status, 200, first.text);
  const client = new Client(world.url, first.body.accessToken);
  equal((await client.get(ME)).body.displayName, "Dominique d'Été");

  const change = ["platform-user", "change", "--email", email];
  equal((await cloison(stack, [...change, "--name", "Zoë"])).code, 0);
  equal((await client.get(ME)).body.displayName, "Zoë");

  const refused: [string[], string, RegExp, number][] = [
    [named, `${PASSWORD}\n`, /has this e-mail address/, 1],
    [
      [...create, "--name", "A", "--email", "b@platform.test"],
      "cloison1\n",
      /password cannot be used/,
      1,
    ],
    [
      [...create, "--name", "A", "--email", "b@platform.test"],
      "",
      /line of/,
      2,
    ],
    [[...create, "--name", "A\nB", "--email", "b@p.test"], "", /--name/, 2],
    [[...create, "--name", "A", "--email", "nobody"], "", /--email/, 2],
    [["platform-user", "create", "--role", "admin"], "", /choices/, 2],
    [
      ["platform-user", "suspend", "--email", email],
      "",
      /last active owner/,
      1,
    ],
    [["platform-user", "suspend", "--email", "x@y.fr"], "", /no such/, 1],
    [[...change, "--role", "auditor"], "", /last active owner/, 1],
    [change, "", /--name or --role/, 2],
    [[...change, "--name", ""], "", /--name/, 2],
  ];
  for (const [args, typed, message, code] of refused) {
    const answer = await cloison(stack, args, typed);
    equal(answer.code, code, args.join(" ") + answer.error);
    match(answer.error, message);
    equal(answer.error.trim().split("\n").length, 1, answer.error);
  }

  const reset = ["platform-user", "reset-2fa", "--email", email];
  equal((await cloison(stack, reset)).code, 0);
  equal((await client.get(ME)).status, 401);
  const list = await cloison(stack, ["platform-user", "list", "--json"]);
  const [user, ...more] = JSON.parse(list.out);
  equal(more.length, 0);
  equal(user.enrolled, false);
  equal(user.state, "active");
  const rotated = await cloison(stack, ["platform-key", "rotate", "--revoke"]);
  match(rotated.out, /signed with key 2/, rotated.error);
});

Deno.test("cell change: an operator changes what a cell takes, within what its server has room for, and it is on the trail", async () => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  const change = ["cell", "change", stack.cell];
  const given = ["--state", "full", "--max-backends", "7", "--keep-ready", "0"];
  const changed = await cloison(stack, [...change, ...given]);
  equal(changed.code, 0, changed.error);
  const list = await cloison(stack, ["cell", "list", "--json"]);
  const [cell] = JSON.parse(list.out);
  deepEqual([cell.state, cell.maxBackends, cell.keepReady], ["full", 7, 0]);

  const refused: [string[], RegExp, number][] = [
    [change, /is missing/, 2],
    [[...change, "--state", "gone"], /choices/, 2],
    [[...change, "--max-backends", "0"], /--max-backends/, 2],
    [[...change, "--max-backends", "100000"], /backends are too many/, 1],
    [["cell", "change", "nowhere", "--state", "open"], /no cell nowhere/, 1],
    [["cell", "change", "No cell", "--state", "open"], /no name of a/, 2],
  ];
  for (const [args, message, code] of refused) {
    const answer = await cloison(stack, args);
    equal(answer.code, code, args.join(" ") + answer.error);
    match(answer.error, message);
  }
  const lines = await withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    (central) =>
      central.rows<{ changed_fields: string[] }>(sql`
        select changed_fields from audit_log where action = 'cell.change'`),
  );
  deepEqual(
    lines.map(({ changed_fields }) => changed_fields),
    [["keepReady", "maxBackends", "state"]],
  );
});
