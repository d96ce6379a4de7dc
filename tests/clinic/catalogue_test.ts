import { deepEqual, equal } from "node:assert/strict";
import {
  type Answer,
  assertProblem,
  type Client,
  type Json,
  logIn,
} from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

const injection = {
  kind: "service",
  title: "Injection d’acide hyaluronique",
  unitPriceCents: 25_000,
  vatCategory: "standard",
  vatRateBasisPoints: 2_000,
  durationMinutes: 30,
  aesthetic: true,
};

let world: World;
let admin: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  admin = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function create(members: object = {}): Promise<Answer> {
  return admin.post("/v1/catalogue/items", { ...injection, ...members });
}

Deno.test("catalogue: an item is read at its Location, changed by who has read it, and keeps what is absent", async () => {
  const created = await create({ code: "AH-1", description: "1 ml\n2 ml" });
  equal(created.status, 201, created.text);
  const path = created.headers.get("location")!;
  deepEqual((await admin.get(path)).body, created.body);
  const changed = await admin.patch(path, { unitPriceCents: 1 }, '"1"');
  deepEqual(
    [changed.body.unitPriceCents, changed.body.description],
    [1, "1 ml\n2 ml"],
  );
  assertProblem(
    await admin.patch(path, { unitPriceCents: 2 }, '"1"'),
    412,
    "precondition-failed",
  );
  const same = await admin.patch(path, {}, '"2"');
  deepEqual(same.body, changed.body);
});

Deno.test("catalogue: a code is of one item on offer; an archived one gives it up and may not get it back", async () => {
  const first = await create({ code: "Unique" });
  const second = await create({ code: "UNIQUE" });
  assertProblem(second, 409, "duplicate");
  equal(second.body.candidate, first.body.id);
  const path = first.headers.get("location")!;
  const archived = await admin.post(`${path}/archive`, undefined, {
    "if-match": '"1"',
  });
  equal(archived.status, 200, archived.text);
  const third = await create({ code: "unique" });
  equal(third.status, 201);
  const back = await admin.post(`${path}/restore`, undefined, {
    "if-match": "*",
  });
  assertProblem(back, 409, "duplicate");
  equal(back.body.candidate, third.body.id);
  const clash = await admin.patch(
    (await create()).headers.get("location")!,
    { code: "unique" },
    "*",
  );
  assertProblem(clash, 409, "duplicate");
});

Deno.test("catalogue: category and rate of VAT go together, and products take no time", async () => {
  for (
    const members of [
      { vatCategory: "exempt_care" },
      { vatRateBasisPoints: 0 },
      { kind: "product" },
    ]
  ) {
    assertProblem(await create(members), 409, "conflict");
  }
  const exempt = await create({
    vatCategory: "exempt_care",
    vatRateBasisPoints: 0,
  });
  equal(exempt.status, 201);
  assertProblem(
    await admin.patch(exempt.headers.get("location")!, {
      vatRateBasisPoints: 2_000,
    }, "*"),
    409,
    "conflict",
  );
});

Deno.test("catalogue: the list is by title without accents, filtered by kind and status", async () => {
  await using other = await openWorld({ clinics: 1 });
  const client = await logIn(other, other.clinic(0));
  const titles = ["Écho", "echographie", "Bilan", "Zona"];
  for (const title of titles) {
    const kind = title === "Zona" ? "product" : "service";
    const { durationMinutes: _time, ...members } = injection;
    const answer = await client.post("/v1/catalogue/items", {
      ...members,
      title,
      kind,
    });
    equal(answer.status, 201, answer.text);
    if (title !== "Bilan") continue;
    const path = answer.headers.get("location")!;
    await client.post(`${path}/archive`, undefined, { "if-match": "*" });
  }
  async function listed(query: string): Promise<string[]> {
    const { body } = await client.get(`/v1/catalogue/items?${query}`);
    return body.data.map(({ title }: Json) => title);
  }
  deepEqual(await listed(""), ["Écho", "echographie", "Zona"]);
  deepEqual(await listed("sort=-title"), ["Zona", "echographie", "Écho"]);
  deepEqual(await listed("kind=product"), ["Zona"]);
  deepEqual(await listed("text=ECHO"), ["Écho", "echographie"]);
  deepEqual(await listed("text=%C3%A9chog&kind=service"), ["echographie"]);
  deepEqual(await listed("text=%25"), []);
  deepEqual(await listed("status=archived"), ["Bilan"]);
  deepEqual((await listed("status=all")).length, 4);
});

Deno.test("catalogue: everybody reads it, an admin changes it", async () => {
  const nurse = await logIn(world, world.clinic(0), "nurse");
  equal((await nurse.get("/v1/catalogue/items")).status, 200);
  const refused = await nurse.post("/v1/catalogue/items", injection);
  assertProblem(refused, 403, "permission-denied");
  equal(refused.body.permission, "catalogue.edit");
});
