import { deepEqual, equal, ok } from "node:assert/strict";
import { logIn } from "../support/client.ts";
import { OpenApiDocument } from "../support/document.ts";
import { exampleOf } from "../support/generated_examples.ts";
import { emailOf, openWorld, type World } from "../support/world.ts";
import type { Visit, VisitReport } from "./visit.ts";

const DATA = new URL("../../.data/", import.meta.url).pathname;
const PICTURES = `${DATA}pictures`;

/**
 * A library asks whether it may compile code, and does without when it may not. It is no error, and the console says
 * nothing.
 */
const HARMLESS = "script-src eval";

let world: World;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

Deno.test("docs: in a browser the page shows every operation, logs in, reads a patient, and asks no other host", async () => {
  const document = await OpenApiDocument.fetch(world.url);
  const client = await logIn(world, world.clinic(0));
  const created = await client.post("/v1/patients", {
    profileStatus: "complete",
    givenNames: "Zoë",
    familyName: "Cloisonnier",
    birthDate: "1987-04-23",
  }, { "idempotency-key": crypto.randomUUID() });
  equal(created.status, 201);

  const report = await visitDocs(document, created.body.id);
  deepEqual(report.errors, []);
  deepEqual(report.violations.filter((each) => each !== HARMLESS), []);
  const foreign = report.requests.filter((url) =>
    new URL(url).origin !== world.url && !url.startsWith("data:")
  );
  deepEqual(foreign, []);
  for (const { summary } of document.operations) {
    ok(
      report.summaries.some((line) => line.includes(summary)),
      `the page does not show "${summary}"`,
    );
  }
  equal(report.login.status, 200);
  equal(report.patient.status, 200);
  deepEqual(report.patient.body, created.body);
});

/** Has a browser of its own look at the page. */
async function visitDocs(
  document: OpenApiDocument,
  patientId: string,
): Promise<VisitReport> {
  await Deno.mkdir(PICTURES, { recursive: true });
  const profile = await Deno.makeTempDir({ dir: DATA, prefix: "browser-" });
  const { slug, password } = world.clinic(0);
  const login = document.operation("login");
  const patient = document.operation("getPatient");
  const [id] = patient.parameters;
  const visit: Visit = {
    url: world.url,
    browser: browserPath(),
    profile,
    pictures: PICTURES,
    tags: document.tags,
    login: {
      summary: login.summary,
      body: { clinic: slug, email: emailOf("admin"), password },
    },
    patient: {
      summary: patient.summary,
      id: patientId,
      exampleId: String(id!.example ?? exampleOf(document, id!.schema, "id")),
      name: "Cloisonnier",
    },
  };
  try {
    return await run(visit);
  } finally {
    await Deno.remove(profile, { recursive: true });
  }
}

async function run(visit: Visit): Promise<VisitReport> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      // It reads below /proc, which Deno lets nobody do who may not do everything.
      "--allow-all",
      new URL("visit_docs.ts", import.meta.url).pathname,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(visit)));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** @throws {Error} that says how to get one */
function browserPath(): string {
  const path = Deno.env.get("CLOISON_CHROMIUM") ?? "/usr/bin/chromium";
  try {
    Deno.statSync(path);
    return path;
  } catch {
    throw new Error(
      `Cannot find a browser at ${path}: run scripts/setup_browser.sh, or name one in CLOISON_CHROMIUM`,
    );
  }
}
