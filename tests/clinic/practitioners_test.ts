import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  type Json,
  logIn,
} from "../support/client.ts";
import { bookings, inClinic } from "../support/practice.ts";
import { openWorld, type World } from "../support/world.ts";

const PATH = "/v1/practitioners";
const helene = {
  givenNames: "Hélène",
  familyName: "Marchetti",
  profession: "Dermatologist",
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

async function add(members: Json = {}, client = admin): Promise<Json> {
  const { status, body, text } = await client.post(PATH, {
    ...helene,
    ...members,
  });
  equal(status, 201, text);
  return body;
}

function move(id: string, action: string, ifMatch = "*"): Promise<Answer> {
  const headers = { "if-match": ifMatch };
  return admin.post(`${PATH}/${id}/${action}`, undefined, headers);
}

/** Accounts of the clinic, by role. */
async function staffIds(index = 0): Promise<Record<string, string>> {
  const [rows] = await inClinic(
    world,
    world.clinic(index),
    sql`select role, id from staff`,
  );
  return Object.fromEntries(rows!.map(({ role, id }) => [role, id]));
}

Deno.test("practitioners: a profile can be read at its Location, and changed", async () => {
  const created = await admin.post(PATH, {
    ...helene,
    title: "Dr",
    specialties: ["Laser", 'Médecine <esthétique> & "plus"'],
    rpps: "10000548254",
    colour: "#aa3377",
  });
  equal(created.status, 201, created.text);
  const path = created.headers.get("location")!;
  const read = await admin.get(path);
  deepEqual(read.body, created.body);
  equal(read.headers.get("etag"), '"1"');
  deepEqual(created.body.warnings, []);
  const changed = await admin.patch(
    path,
    { title: null, specialties: [] },
    '"1"',
  );
  equal(changed.status, 200);
  deepEqual(changed.body, {
    ...created.body,
    title: null,
    specialties: [],
    version: 2,
    updatedAt: changed.body.updatedAt,
  });
  notEqual(changed.body.updatedAt, created.body.updatedAt);
  assertProblem(
    await admin.patch(path, { title: "Pr" }, '"1"'),
    412,
    "precondition-failed",
  );
  deepEqual((await admin.patch(path, {}, '"2"')).body, changed.body);
});

Deno.test("practitioners: an RPPS with a wrong check digit is taken, with a warning", async () => {
  const { id, warnings } = await add({ rpps: "10003879624" });
  deepEqual(
    warnings.map(({ pointer, code }: Json) => [pointer, code]),
    [["#/rpps", "rpps-check-digit"]],
  );
  const { body } = await admin.patch(`${PATH}/${id}`, {
    rpps: "10003879623",
  }, "*");
  deepEqual(body.warnings, []);
});

Deno.test("practitioners: an RPPS is 11 digits", async () => {
  for (
    const rpps of [
      "1000387962",
      "100038796233",
      "1000387962A",
      "١٠٠٠٣٨٧٩٦٢٣",
      "1000387962\0",
      10_003_879_623,
      "",
    ]
  ) {
    const answer = await admin.post(PATH, { ...helene, rpps });
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].pointer, "#/rpps");
  }
});

Deno.test("practitioners: an RPPS belongs to one who is in use", async () => {
  const rpps = "10101234567";
  const first = await add({ rpps });
  const second = await admin.post(PATH, { ...helene, rpps });
  assertProblem(second, 409, "duplicate");
  equal(second.body.candidate, first.id);
  equal((await move(first.id, "archive")).status, 200);
  const next = await add({ rpps });
  const back = await move(first.id, "restore");
  assertProblem(back, 409, "duplicate");
  equal(back.body.candidate, next.id);
  equal((await admin.get(`${PATH}/${first.id}`)).body.version, 2);
});

Deno.test("practitioners: of 8 who ask for one RPPS at once, one gets it", async () => {
  const answers = await Promise.all(
    Array.from(
      { length: 8 },
      () => admin.post(PATH, { ...helene, rpps: "10109999999" }),
    ),
  );
  const taken = answers.filter(({ status }) => status === 201);
  equal(taken.length, 1);
  for (const answer of answers.filter((each) => each !== taken[0])) {
    assertProblem(answer, 409, "duplicate");
    equal(answer.body.candidate, taken[0]!.body.id);
  }
});

Deno.test("practitioners: an account belongs to one who is in use", async () => {
  const { nurse, physician } = await staffIds();
  const first = await add({ staffId: nurse });
  const second = await admin.post(PATH, { ...helene, staffId: nurse });
  assertProblem(second, 409, "duplicate");
  equal(second.body.candidate, first.id);
  const other = await add({ staffId: physician });
  const changed = await admin.patch(`${PATH}/${other.id}`, {
    staffId: nurse,
  }, "*");
  assertProblem(changed, 409, "duplicate");
  equal(changed.body.candidate, first.id);
});

Deno.test("practitioners: an account of another clinic is one that is not there", async () => {
  const { nurse } = await staffIds(1);
  for (const staffId of [nurse, crypto.randomUUID()]) {
    const answer = await admin.post(PATH, { ...helene, staffId });
    assertProblem(answer, 422, "invalid-request");
    deepEqual(answer.body.errors, [{
      pointer: "#/staffId",
      code: "unknown-staff-member",
      detail: "is no account of this clinic",
    }]);
  }
});

Deno.test("practitioners: who is archived leaves the list, and comes back", async () => {
  const client = await logIn(world, world.clinic(1));
  const names = async (query: string) =>
    (await client.get(`${PATH}?${query}`)).body.data.map(
      ({ familyName }: { familyName: string }) => familyName,
    );
  await add({ familyName: "Étienne" }, client);
  await add({ familyName: "Dupont" }, client);
  const { id } = await add({ familyName: "Faure" }, client);
  const headers = { "if-match": '"1"' };
  const path = `${PATH}/${id}/archive`;
  const archived = await client.post(path, undefined, headers);
  equal(archived.status, 200);
  match(archived.body.archivedAt, /Z$/);
  const again = await client.post(path, undefined, { "if-match": "*" });
  deepEqual(again.body, archived.body);
  deepEqual(await names(""), ["Dupont", "Étienne"]);
  deepEqual(await names("status=archived"), ["Faure"]);
  deepEqual(await names("status=all&sort=-name"), [
    "Faure",
    "Étienne",
    "Dupont",
  ]);
});

Deno.test("practitioners: who is expected cannot be archived", async () => {
  const { id } = await add();
  const book = await bookings(world, world.clinic(0));
  await inClinic(
    world,
    world.clinic(0),
    book(id, "2099-01-05T09:00Z", "2099-01-05T09:30Z"),
  );
  assertProblem(await move(id, "archive"), 409, "conflict");
});

Deno.test("practitioners: a list is walked to its end, in both directions", async () => {
  const { body } = await admin.get(`${PATH}?status=all&limit=100`);
  const all = body.data.map(({ id }: { id: string }) => id);
  for (const sort of ["name", "-name"]) {
    const seen: string[] = [];
    let next: string | null = `${PATH}?status=all&sort=${sort}&limit=2`;
    while (next !== null) {
      const page: Answer = await admin.get(next);
      seen.push(...page.body.data.map(({ id }: { id: string }) => id));
      const link = page.headers.get("link");
      next = link && /^<(.+)>; rel="next"$/.exec(link)![1]!;
    }
    deepEqual(seen, sort === "name" ? all : all.toReversed());
  }
});

Deno.test("practitioners: changes leave their events", async () => {
  const { id } = await add({ colour: "#112233" });
  await admin.patch(`${PATH}/${id}`, { colour: "#332211" }, "*");
  await move(id, "archive");
  await move(id, "restore");
  const [rows] = await inClinic(
    world,
    world.clinic(0),
    sql`select action, changed_fields from audit_outbox
      where entity_id = ${id} order by id`,
  );
  deepEqual(rows!.map(({ action }) => action), [
    "practitioner.create",
    "practitioner.change",
    "practitioner.archive",
    "practitioner.restore",
  ]);
  deepEqual(rows![1].changed_fields, ["colour"]);
});

Deno.test("practitioners: only an admin adds them", async () => {
  const secretary = await logIn(world, world.clinic(0), "secretary");
  const refused = await secretary.post(PATH, helene);
  assertProblem(refused, 403, "permission-denied");
  equal(refused.body.permission, "practitioners.edit");
  equal((await secretary.get(PATH)).status, 200);
});

Deno.test("practitioners: types of appointment and resources are taken out of use, and keep their names", async () => {
  const cases: [string, Json, Json][] = [
    ["/v1/appointment-types", { name: "Épilation", durationMinutes: 45 }, {
      colour: "#4477aa",
      priceCents: null,
      overlappable: false,
      active: true,
    }],
    ["/v1/resources", { name: "Laser", kind: "machine" }, { active: true }],
  ];
  for (const [path, members, defaults] of cases) {
    const created = await admin.post(path, members);
    equal(created.status, 201, created.text);
    deepEqual(created.body, { ...created.body, ...members, ...defaults });
    const at = created.headers.get("location")!;
    const changed = await admin.patch(at, { active: false }, '"1"');
    deepEqual(changed.body, {
      ...created.body,
      active: false,
      version: 2,
      updatedAt: changed.body.updatedAt,
    });
    const ids = async (status: string) =>
      (await admin.get(`${path}?status=${status}&limit=100`)).body.data.map(
        ({ id }: { id: string }) => id,
      );
    equal((await ids("active")).includes(created.body.id), false);
    equal((await ids("inactive")).includes(created.body.id), true);
    equal((await ids("all")).includes(created.body.id), true);
  }
});
