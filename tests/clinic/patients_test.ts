import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import {
  type Answer,
  assertProblem,
  Client,
  type Json,
  logIn,
} from "../support/client.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld, type TestClinic, type World } from "../support/world.ts";

const eloise = {
  profileStatus: "complete",
  givenNames: "Éloïse",
  familyName: "D’Ormesson",
  birthDate: "1987-04-23",
};

let world: World;
let admin: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  admin = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function create(members: object = {}): Promise<Answer> {
  return admin.post("/v1/patients", { ...eloise, ...members });
}

/** Rows of a clinic's database, as its owner sees them. */
function rowsIn<Row>(clinic: TestClinic, table: string): Promise<Row[]> {
  return withDatabase(
    workerLogin(world.stack),
    clinic.database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      return await connection.rows<Row>(
        table === "patients"
          ? sql`select * from patients order by id`
          : sql`select * from audit_outbox order by id`,
      );
    },
  );
}

Deno.test("patients: a created file can be read at its Location, with the same ETag", async () => {
  const created = await create({ nir: "2 53 07 2A 073 004 43" });
  equal(created.status, 201);
  equal(created.body.nir, "253072A07300443");
  equal(created.body.birthDate, "1987-04-23");
  const read = await admin.get(created.headers.get("location")!);
  equal(read.status, 200);
  deepEqual(read.body, created.body);
  equal(read.headers.get("etag"), created.headers.get("etag"));
});

Deno.test("patients: text is kept as it was typed, but for normalisation and outer space", async () => {
  const decomposed = "  Zoe\u0308 <b>\"'; drop table patients; -- 日本 🩺  ";
  const { body } = await create({ givenNames: decomposed });
  equal(body.givenNames, "Zoë <b>\"'; drop table patients; -- 日本 🩺");
});

Deno.test("patients: a provisional file needs given names and a phone number, and becomes complete one way", async () => {
  const created = await admin.post("/v1/patients", {
    profileStatus: "provisional",
    givenNames: "Inès",
    phone: "+33639981234",
  });
  equal(created.status, 201);
  const path = created.headers.get("location")!;
  const tooEarly = await admin.patch(path, { profileStatus: "complete" }, "*");
  assertProblem(tooEarly, 409, "conflict");
  const complete = await admin.patch(path, {
    profileStatus: "complete",
    familyName: "Le Goff",
    birthDate: "2001-02-03",
  }, '"1"');
  equal(complete.status, 200);
  equal(complete.headers.get("etag"), '"2"');
  const back = await admin.patch(path, { profileStatus: "provisional" }, "*");
  assertProblem(back, 409, "conflict");
});

Deno.test("patients: the same social security number twice is a conflict that names the first file", async () => {
  const first = await create({ nir: "295109912611193" });
  const second = await create({ nir: "2 95 10 99 126 111 93" });
  assertProblem(second, 409, "duplicate");
  equal(second.body.candidate, first.body.id);
});

Deno.test("patients: the same person twice is a conflict that names the first file: by number, by address, by who called", async () => {
  const person = {
    familyName: "Deux-Fois",
    phone: "+33639981230",
    email: "Deux.Fois@example.org",
  };
  const first = (await create(person)).body;
  const caller = {
    profileStatus: "provisional",
    givenNames: "Maël",
    phone: "+33639981230",
  };
  const called = (await admin.post("/v1/patients", caller)).body;
  const cases: [Json, Promise<Answer>][] = [
    [first, create({ ...person, familyName: "deux fois", email: null })],
    [first, create({ ...person, phone: null, email: "deux.fois@EXAMPLE.org" })],
    [called, admin.post("/v1/patients", { ...caller, givenNames: "MAEL" })],
  ];
  for (const [known, refused] of cases) {
    assertProblem(await refused, 409, "duplicate");
    equal((await refused).body.candidate, known.id);
  }
  // Homonyms, relatives at one number, and another day of birth are others.
  for (
    const other of [
      { ...person, phone: null, email: null },
      { ...person, givenNames: "Jean" },
      { ...person, birthDate: "1987-04-24" },
    ]
  ) equal((await create(other)).status, 201);
});

Deno.test("patients: a change, or a restored file, does not make a second file of somebody either", async () => {
  const person = { familyName: "Encore", phone: "+33639981231" };
  const first = (await create(person)).body;
  const second = (await create({ ...person, phone: null })).body;
  const path = `/v1/patients/${second.id}`;
  const changed = await admin.patch(path, { phone: person.phone }, "*");
  assertProblem(changed, 409, "duplicate");
  equal(changed.body.candidate, first.id);
  const any = { "if-match": "*" };
  await admin.post(`/v1/patients/${first.id}/archive`, undefined, any);
  equal((await admin.patch(path, { phone: person.phone }, "*")).status, 200);
  const back = `/v1/patients/${first.id}/restore`;
  assertProblem(await admin.post(back, undefined, any), 409, "conflict");
});

Deno.test("patients: of ten who write down the same caller at once, one makes a file and nine are told which", async () => {
  const caller = {
    profileStatus: "provisional",
    givenNames: "Anouk",
    phone: "+33639981232",
  };
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => admin.post("/v1/patients", caller)),
  );
  const [made] = answers.filter(({ status }) => status === 201);
  const others = answers.filter((answer) => answer !== made);
  for (const answer of others) {
    assertProblem(answer, 409, "duplicate");
    equal(answer.body.candidate, made!.body.id);
  }
});

Deno.test("patients: a social security number is nowhere readable in the database", async () => {
  const nir = "253072B07300470";
  const created = await create({ nir });
  const rows = await rowsIn<Record<string, unknown>>(
    world.clinic(0),
    "patients",
  );
  const row = rows.find(({ id }) => id === created.body.id);
  ok(row?.nir_sealed instanceof Uint8Array);
  ok(!JSON.stringify(row).includes(nir));
  ok(!new TextDecoder("latin1").decode(row.nir_sealed).includes(nir));
});

const WHOLE = {
  sex: "female",
  birthPlace: "Ajaccio",
  phone: "+33639981234",
  otherPhone: "+33161910023",
  emergencyContactName: "Yann Le Goff",
  emergencyContactPhone: "+33639980117",
  emergencyContactRelation: "frère",
  legalRepresentativeName: "Maëlle Le Goff",
  legalRepresentativePhone: "+33639980118",
  treatingPhysician: "Dr Hélène Marchetti",
  treatingPhysicianRpps: "10000548254",
  insurer: "CPAM de la Corse-du-Sud",
  insuranceNumber: "80250000100012345678",
  complementaryInsurer: "Mutuelle du Golfe",
  complementaryNumber: "MG-00481-B",
  complementaryValidUntil: "2026-12-31",
  deceasedOn: "2026-02-14",
};

Deno.test("patients: whom to call, who treats them and who pays is kept, changed and removed like all the rest", async () => {
  const created = await create(WHOLE);
  equal(created.status, 201, created.text);
  for (const [name, value] of Object.entries(WHOLE)) {
    equal(created.body[name], value, name);
  }
  const path = created.headers.get("location")!;
  deepEqual((await admin.get(path)).body, created.body);
  const changed = await admin.patch(path, {
    insuranceNumber: "9",
    complementaryNumber: null,
    emergencyContactName: "Soazig Le Goff",
  }, '"1"');
  equal(changed.body.insuranceNumber, "9");
  equal(changed.body.complementaryNumber, null);
  equal(changed.body.emergencyContactName, "Soazig Le Goff");
  equal(changed.body.complementaryInsurer, WHOLE.complementaryInsurer);
});

Deno.test("patients: numbers of insurances are nowhere readable in the database", async () => {
  const { body } = await create({ ...WHOLE, familyName: "Sceau" });
  const rows = await rowsIn<Record<string, unknown>>(
    world.clinic(0),
    "patients",
  );
  const row = rows.find(({ id }) => id === body.id)!;
  for (const name of ["insurance_number", "complementary_number"]) {
    const sealed = row[`${name}_sealed`];
    ok(sealed instanceof Uint8Array);
    const stored = new TextDecoder("latin1").decode(sealed);
    ok(!/80250000100012345678|MG-00481-B/.test(stored));
  }
});

Deno.test("patients: nobody dies before they were born", async () => {
  const refused = await create({ deceasedOn: "1987-04-22" });
  assertProblem(refused, 409, "conflict");
  equal((await create({ deceasedOn: "1987-04-23" })).status, 201);
});

Deno.test("patients: a change needs the ETag that was read", async () => {
  const path = (await create()).headers.get("location")!;
  assertProblem(
    await admin.patch(path, { city: "Lyon" }),
    428,
    "precondition-required",
  );
  equal((await admin.patch(path, { city: "Lyon" }, '"1"')).status, 200);
  assertProblem(
    await admin.patch(path, { city: "Nice" }, '"1"'),
    412,
    "precondition-failed",
  );
  equal((await admin.get(path)).body.city, "Lyon");
});

Deno.test("patients: null removes a member, an absent one stays, and {} changes nothing", async () => {
  const created = await create({ city: "Lyon", email: "e@example.org" });
  const path = created.headers.get("location")!;
  const changed = await admin.patch(path, { city: null }, '"1"');
  equal(changed.body.city, null);
  equal(changed.body.email, "e@example.org");
  const unchanged = await admin.patch(path, {}, '"2"');
  equal(unchanged.status, 200);
  deepEqual(unchanged.body, changed.body);
  equal(unchanged.headers.get("etag"), '"2"');
});

Deno.test("patients: an archived file leaves the list and comes back", async () => {
  const created = await create({ familyName: "Archivé" });
  const path = created.headers.get("location")!;
  const archived = await admin.post(`${path}/archive`, undefined, {
    "if-match": '"1"',
  });
  equal(archived.status, 200);
  match(archived.body.archivedAt, /^\d{4}-\d\d-\d\dT.*Z$/);
  const again = await admin.post(`${path}/archive`, undefined, {
    "if-match": "*",
  });
  deepEqual(again.body, archived.body);
  const listed = await namesIn("?limit=100");
  ok(!listed.includes("Archivé"));
  const restored = await admin.post(`${path}/restore`, undefined, {
    "if-match": '"2"',
  });
  equal(restored.body.archivedAt, null);
  ok((await namesIn("?limit=100")).includes("Archivé"));
});

async function namesIn(query: string): Promise<string[]> {
  const { body } = await admin.get(`/v1/patients${query}`);
  return body.data.map((patient: { familyName: string }) => patient.familyName);
}

Deno.test("patients: a list is walked to its end, in both directions, without doubles or gaps", async () => {
  await using other = await openWorld({ clinics: 1 });
  const client = await logIn(other, other.clinic(0));
  for (let n = 0; n < 23; n++) {
    // Pairs with the same name: the order then hangs on the id.
    await client.post("/v1/patients", {
      ...eloise,
      familyName: `Name ${Math.floor(n / 2)}`,
    });
  }
  for (const sort of ["name", "-name", "createdAt", "-createdAt"]) {
    const seen: string[] = [];
    let next: string | null = `/v1/patients?limit=5&sort=${sort}`;
    while (next !== null) {
      const page: Answer = await client.get(next);
      equal(page.status, 200);
      seen.push(...page.body.data.map(({ id }: { id: string }) => id));
      const link = page.headers.get("link");
      next = link && /^<(.+)>; rel="next"$/.exec(link)![1]!;
      equal(next !== null, page.body.page.nextCursor !== null);
    }
    equal(seen.length, 23, sort);
    equal(new Set(seen).size, 23, sort);
  }
});

Deno.test("patients: search finds names without accents, case and hyphens, and takes % and _ as they are", async () => {
  await create({ givenNames: "Jean-Baptiste", familyName: "Œuvré" });
  async function found(name: string): Promise<number> {
    const { status, body } = await admin.post("/v1/patients/search", { name });
    equal(status, 200, JSON.stringify(body));
    return body.data.length;
  }
  equal(await found("jean baptiste oeuvre"), 1);
  equal(await found("BAPTISTE"), 1);
  equal(await found("œuv"), 1);
  equal(await found("eloïse d'ormesson") > 0, true);
  equal(await found("zq%"), 0);
  equal(await found("jean zq_"), 0);
  const nothing = await admin.post("/v1/patients/search", { name: "%_%" });
  assertProblem(nothing, 422, "invalid-request");
});

Deno.test("patients: search by social security number finds the one file", async () => {
  const created = await create({ nir: "162126587913677" });
  const { body } = await admin.post("/v1/patients/search", {
    nir: "1 62 12 65 879 136 77",
  });
  deepEqual(body.data.map(({ id }: { id: string }) => id), [created.body.id]);
});

Deno.test("patients: no list hands out the numbers that are sealed; the file has them", async () => {
  const numbers = {
    nir: "185057800608491",
    insuranceNumber: "AMO-77120045",
    complementaryNumber: "AMC-90218833",
  };
  const familyName = "Sans-Numéros";
  const { body: file } = await create({ ...numbers, familyName });
  deepEqual({ ...file, ...numbers }, file);
  const { nir } = numbers;
  const pages = [
    await admin.get("/v1/patients?limit=100&sort=-createdAt"),
    await admin.post("/v1/patients/search", { name: familyName }),
    await admin.post("/v1/patients/search", { nir }),
  ];
  for (const { body } of pages) {
    const listed = body.data.find(({ id }: Json) => id === file.id);
    deepEqual({ ...file, ...listed }, file);
    const text = JSON.stringify(body);
    for (const number of Object.values(numbers)) ok(!text.includes(number));
  }
});

Deno.test("patients: a change leaves its event in the clinic, with names of fields and no value", async () => {
  const created = await create({ city: "Ajaccio" });
  const path = created.headers.get("location")!;
  await admin.patch(path, { city: "Bastia", email: "x@example.org" }, '"1"');
  const events = (await rowsIn<Record<string, unknown>>(
    world.clinic(0),
    "audit_outbox",
  )).filter(({ patient_id }) => patient_id === created.body.id);
  deepEqual(events.map(({ action }) => action), [
    "patient.create",
    "patient.change",
  ]);
  deepEqual(events[1]?.changed_fields, ["city", "email"]);
  ok(!JSON.stringify(events).includes("Bastia"));
});

Deno.test("patients: a read is on the trail of the central database when the answer arrives", async () => {
  const created = await create();
  const answer = await admin.get(created.headers.get("location")!);
  const lines = await withDatabase(
    workerLogin(world.stack),
    "cloison_central",
    async (connection) => {
      await connection.script("set role cloison_owner");
      return await connection.rows<Record<string, unknown>>(sql`
        select * from audit_log
        where request_id = ${answer.headers.get("x-request-id")}`);
    },
  );
  equal(lines.length, 1);
  equal(lines[0]?.action, "patient.view");
  equal(lines[0]?.clinic_id, world.clinic(0).id);
  equal(lines[0]?.patient_id, created.body.id);
});

Deno.test("patients: a refused body stores nothing and repeats no value", async () => {
  const before = (await rowsIn(world.clinic(0), "patients")).length;
  const refused = await admin.post("/v1/patients", {
    profileStatus: "complete",
    givenNames: "Nul\u0000",
    familyName: "\ud800",
    birthDate: "2026-02-29",
    nir: "295109912611194",
    role: "admin",
  });
  assertProblem(refused, 422, "invalid-request");
  const pointers = refused.body.errors.map(
    ({ pointer }: { pointer: string }) => pointer,
  );
  deepEqual(pointers.sort(), [
    "#/birthDate",
    "#/familyName",
    "#/givenNames",
    "#/nir",
    "#/role",
  ]);
  ok(!JSON.stringify(refused.body).includes("295109912611194"));
  equal((await rowsIn(world.clinic(0), "patients")).length, before);
});

Deno.test("patients: who may not create is told which permission is missing", async () => {
  const nurse = await logIn(world, world.clinic(0), "nurse");
  const refused = await nurse.post("/v1/patients", eloise);
  assertProblem(refused, 403, "permission-denied");
  equal(refused.body.permission, "patients.create");
});

Deno.test("patients: another clinic's id is the same 404 as an id that nobody has", async () => {
  const mine = await create();
  const stranger = await logIn(world, world.clinic(1));
  const nobody = crypto.randomUUID();
  for (const id of [mine.body.id, nobody]) {
    const answers = [
      await stranger.get(`/v1/patients/${id}`),
      await stranger.patch(`/v1/patients/${id}`, { city: "Lyon" }, "*"),
      await stranger.post(`/v1/patients/${id}/archive`, undefined, {
        "if-match": "*",
      }),
    ];
    for (const answer of answers) {
      assertProblem(answer, 404, "not-found");
      notEqual(answer.body.detail.includes(id), true);
    }
  }
  equal((await admin.get(`/v1/patients/${mine.body.id}`)).body.version, 1);
});

Deno.test("patients: another clinic's cursor is refused", async () => {
  await create();
  await create();
  const page = await admin.get("/v1/patients?limit=1");
  const cursor = page.body.page.nextCursor;
  const stranger = await logIn(world, world.clinic(1));
  for (
    const [client, query] of [
      [stranger, `?limit=1&cursor=${cursor}`],
      [admin, `?limit=1&sort=-name&cursor=${cursor}`],
      [admin, `?limit=1&status=all&cursor=${cursor}`],
      [admin, `?limit=1&cursor=${cursor.slice(0, -2)}AA`],
    ] as const
  ) {
    assertProblem(
      await client.get(`/v1/patients${query}`),
      400,
      "invalid-cursor",
    );
  }
  equal((await admin.get(`/v1/patients?limit=1&cursor=${cursor}`)).status, 200);
});
