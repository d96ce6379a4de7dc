import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath, pathToFileURL } from "node:url";
import { installTools, run } from "../../scripts/npm/install.ts";
import { DOCUMENT_PATH } from "../../scripts/openapi/document.ts";
import { generateSdk } from "../../scripts/sdk/generate.ts";
import { identifier, sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { writeExamples } from "./readme_examples.ts";
import { superuserLogin } from "../support/test_stack.ts";
import {
  emailOf,
  openWorld,
  type TestClinic,
  type World,
} from "../support/world.ts";

const root = new URL("../../", import.meta.url);
const programs = new URL("programs/", import.meta.url);
const document = new URL(DOCUMENT_PATH, root);

/** Strict, and as new as Node 20 runs it. */
const STRICT = {
  strict: true,
  target: "ES2022",
  lib: ["ES2022", "DOM", "DOM.Iterable"],
  types: ["node"],
  skipLibCheck: false,
  outDir: "out",
};

let world: World;
let folder: URL;
let generators: URL;

Deno.test.beforeAll(async () => {
  const pins = new URL("generators/", import.meta.url);
  [world, generators] = await Promise.all([
    openWorld({ clinics: 5 }),
    installTools("sdk_generators", pins),
  ]);
  // Beside the node_modules that the compiler looks for in the folders above.
  const dir = fileURLToPath(generators);
  const path = await Deno.makeTempDir({ dir, prefix: "run." });
  folder = pathToFileURL(`${path}/`);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("sdk: the client of `deno task sdk` is packed, installed and used", async () => {
  const sdk = new URL("sdk/", folder);
  const user = new URL("user/", folder);
  await generateSdk(sdk);
  await Deno.mkdir(user);
  const packed = await run("npm", ["pack", "--json"], sdk);
  const [{ filename, files }] = JSON.parse(packed);
  const names = files.map(({ path }: { path: string }) => path);
  for (const name of ["README.md", "LICENSE", "dist/index.d.ts"]) {
    ok(names.includes(name), `${name} is not published`);
  }
  await write(user, "package.json", {
    private: true,
    type: "module",
    dependencies: { "@cloison/client": new URL(filename, sdk).href },
  });
  await run("npm", [
    "install",
    "--prefer-offline",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
  ], user);
  const example = new URL("examples/patients.ts", sdk);
  await Deno.copyFile(example, new URL("example.ts", user));
  await Deno.copyFile(
    new URL("openapi_fetch.ts", programs),
    new URL("program.ts", user),
  );
  const examples = [
    ...await writeExamples(new URL("README.md", sdk), user),
    ...await writeExamples(new URL("README.md", root), user),
  ];
  ok(examples.length >= 6, examples.join());
  await write(user, "tsconfig.json", {
    compilerOptions: {
      ...STRICT,
      module: "NodeNext",
      moduleResolution: "NodeNext",
    },
    files: ["program.ts", "example.ts", "month.ts", ...examples],
  });
  await Deno.copyFile(new URL("month.ts", programs), new URL("month.ts", user));
  await compile(user);
  await runProgram(new URL("out/program.js", user), world.clinic(0));
  await liveMonths(new URL("out/month.js", user));
  const shown = await node(new URL("out/example.js", user), {
    CLOISON_URL: world.url,
    CLOISON_CLINIC: world.clinic(0).slug,
    CLOISON_EMAIL: emailOf("admin"),
    CLOISON_PASSWORD: world.clinic(0).password,
  });
  match(shown, /^Zoë Le Goff$/m);
  match(shown, /^#\/givenNames must not be blank$/m);
});

Deno.test("sdk: a client that hey-api generates works", async () => {
  const user = new URL("hey/", folder);
  await Deno.mkdir(user);
  await run("node", [
    new URL("node_modules/@hey-api/openapi-ts/bin/run.js", generators).pathname,
    "--input",
    document.pathname,
    "--output",
    new URL("hey_api", user).pathname,
    "--client",
    "@hey-api/client-fetch",
    "--no-log-file",
  ], user);
  await compileProgram(user, "hey_api.ts");
  await runProgram(new URL("out/hey_api.js", user), world.clinic(1));
});

Deno.test("sdk: a client that orval generates works", async () => {
  const user = new URL("orval/", folder);
  await Deno.mkdir(user);
  await write(user, "orval.config.json", {
    api: {
      input: document.pathname,
      output: {
        mode: "single",
        target: new URL("orval/client.ts", user).pathname,
        client: "fetch",
        baseUrl: world.url,
      },
    },
  });
  await Deno.writeTextFile(
    new URL("orval.config.cjs", user),
    'module.exports = require("./orval.config.json");\n',
  );
  await run("node", [
    new URL("node_modules/orval/dist/bin/orval.js", generators).pathname,
    "--config",
    "orval.config.cjs",
  ], user);
  await compileProgram(user, "orval.ts");
  await runProgram(new URL("out/orval.js", user), world.clinic(2));
});

async function compileProgram(user: URL, program: string): Promise<void> {
  await Deno.copyFile(new URL(program, programs), new URL(program, user));
  await write(user, "tsconfig.json", {
    compilerOptions: {
      ...STRICT,
      module: "CommonJS",
      moduleResolution: "Node10",
    },
    files: [program],
  });
  await compile(user);
}

async function compile(user: URL): Promise<void> {
  const compiler = new URL("node_modules/typescript/bin/tsc", generators);
  await run("node", [compiler.pathname, "--project", "tsconfig.json"], user);
}

/** Two clinics live a month each, at once; then nothing of one is in the other. */
async function liveMonths(program: URL): Promise<void> {
  const clinics = [world.clinic(3), world.clinic(4)];
  const months = await Promise.all(clinics.map(async (clinic) =>
    JSON.parse(
      await node(program, {
        API_URL: world.url,
        CLINIC: clinic.slug,
        EMAIL: emailOf("admin"),
        PASSWORD: clinic.password,
        OUTBOX: world.outbox,
      }),
    )
  ));
  for (const { mark, patients, visits, timeline, ...seen } of months) {
    ok(mark.length > 4);
    equal(patients.length, 12);
    ok(visits >= 18, `${visits} working days in a month`);
    deepEqual(seen, {
      taken: "/problems/booking-conflict",
      finished: "/problems/invalid-transition",
      locked: "/problems/conflict",
      amendments: 1,
      behindDesk: "/problems/permission-denied",
      again: "/problems/invalid-link",
      withdrawn: "withdrawn",
      sellerOfDraft: null,
      invoice: `FA-${new Date().getFullYear()}-0001`,
      tooMuch: "/problems/payment-exceeds-due",
      owed: ["partially_paid", 6_000],
      expected: "/problems/conflict",
      cancelled: ["cancelled", "cancelled"],
      gone: true,
    });
    deepEqual(timeline, [
      "appointment cancelled",
      "appointment cancelled",
      "appointment completed",
      "appointment scheduled",
      "consent withdrawn",
      "credit_note issued",
      "invoice partially_paid",
      "payment payment",
      "prescription finalised",
      "quote converted",
      "record signed",
    ]);
  }
  const [one, other] = months;
  for (
    const [clinic, own, foreign] of [
      [clinics[0]!, one, other],
      [clinics[1]!, other, one],
    ] as const
  ) {
    const stored = await everythingIn(clinic);
    ok(stored.includes(own.mark) && stored.includes(own.patients[0]));
    for (const trace of [foreign.mark, ...foreign.patients]) {
      ok(!stored.includes(trace), `${trace} of another clinic is stored here`);
    }
  }
}

/** Every row of every table of a clinic, as text. */
async function everythingIn(clinic: TestClinic): Promise<string> {
  const login = superuserLogin(world.stack);
  return await withDatabase(login, clinic.database, async (connection) => {
    const tables = await connection.rows<{ name: string }>(sql`
      select relname as name from pg_class
      where relkind = 'r' and relnamespace = 'public'::regnamespace`);
    const texts: string[] = [];
    for (const { name } of tables) {
      const rows = await connection.rows<{ row: string }>(
        sql`select each::text as row from ${identifier(name)} as each`,
      );
      texts.push(name, ...rows.map(({ row }) => row));
    }
    return texts.join("\n");
  });
}

/** Runs a program against the API, and looks at what it saw. */
async function runProgram(program: URL, clinic: TestClinic): Promise<void> {
  const seen = JSON.parse(
    await node(program, {
      API_URL: world.url,
      CLINIC: clinic.slug,
      EMAIL: emailOf("admin"),
      PASSWORD: clinic.password,
      NIR: "295109912611193",
    }),
  );
  equal(new Set(seen.created).size, 5);
  deepEqual([...seen.listed].sort(), [...seen.created].sort());
  equal(seen.before, null);
  equal(seen.after, "Martin");
  // A nested object, that a draft does not have yet.
  equal(seen.seller, null);
  equal(seen.stale, "/problems/precondition-failed");
  deepEqual(seen.pointers, ["#/givenNames"]);
  equal(seen.candidate, seen.created[0]);
}

async function node(
  program: URL,
  env: Record<string, string>,
): Promise<string> {
  return await run("node", [program.pathname], new URL(".", program), 60, env);
}

async function write(at: URL, name: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(new URL(name, at), JSON.stringify(value));
}
