import { deepEqual, equal, rejects } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import {
  type Answer,
  assertProblem,
  assertSameProblem,
  type Client,
  logIn,
} from "../support/client.ts";
import { make, newTemplate, publishedTemplate } from "../support/consents.ts";
import { everyItem } from "../support/pages.ts";
import { inClinic } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let admin: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  admin = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function change(id: string, patch: object, ifMatch = "*"): Promise<Answer> {
  return admin.patch(`/v1/consent-templates/${id}`, patch, ifMatch);
}

Deno.test("consent templates: a draft is written, published, and followed by the draft of the next version", async () => {
  const made = await newTemplate(admin);
  equal(made.published, null);
  equal(made.draft.number, 1);
  deepEqual(
    made.draft.texts.map(({ language }: { language: string }) => language),
    ["en", "fr"],
  );
  const path = `/v1/consent-templates/${made.id}`;
  const published = await make(admin, `${path}/publish`);
  equal(published.draft, null);
  deepEqual(published.published.texts, made.draft.texts);
  const texts = [{ language: "fr", title: "Autre", body: "Autre texte." }];
  const changed = await change(made.id, { texts });
  equal(changed.body.draft.number, 2);
  deepEqual(changed.body.draft.texts, texts);
  deepEqual(changed.body.published, published.published);
  const again = await change(made.id, { texts, kind: "images" });
  equal(again.body.draft.number, 2);
  equal(again.body.kind, "images");
  const second = await make(admin, `${path}/publish`);
  equal(second.published.number, 2);
  const versions = await admin.get(`${path}/versions?limit=1`);
  deepEqual(versions.body.data, [second.published]);
  const next = /^<(.+)>; rel="next"$/.exec(versions.headers.get("link")!)![1]!;
  const rest = await admin.get(next);
  deepEqual(rest.body.data, [published.published]);
  equal(rest.body.page.nextCursor, null);
});

Deno.test("consent templates: there is nothing to publish without a draft", async () => {
  const { id } = await publishedTemplate(admin);
  assertProblem(
    await admin.post(`/v1/consent-templates/${id}/publish`, undefined, {
      "if-match": "*",
    }),
    409,
    "conflict",
  );
});

Deno.test("consent templates: {} changes nothing, and another's change in between is 412", async () => {
  const { id } = await newTemplate(admin);
  equal((await change(id, {}, '"1"')).headers.get("etag"), '"1"');
  const texts = [{ language: "fr", title: "T", body: "B" }];
  equal((await change(id, { texts }, '"1"')).headers.get("etag"), '"2"');
  assertProblem(
    await change(id, { kind: "other" }, '"1"'),
    412,
    "precondition-failed",
  );
});

Deno.test("consent templates: two have not the same code, upper and lower case alike", async () => {
  const { code, id } = await newTemplate(admin);
  const again = await admin.post("/v1/consent-templates", {
    code: code.toUpperCase(),
    kind: "care",
    texts: [{ language: "fr", title: "T", body: "B" }],
  });
  assertProblem(again, 409, "duplicate");
  equal(again.body.candidate, id);
});

Deno.test("consent templates: a language that is there twice is named, and nothing is stored", async () => {
  const { id } = await newTemplate(admin);
  const text = { language: "fr", title: "T", body: "B" };
  const refused = await change(id, { texts: [text, { ...text, body: "C" }] });
  assertProblem(refused, 422, "invalid-request");
  deepEqual(refused.body.errors.map((each: object) => ({ ...each })), [{
    pointer: "#/texts/1/language",
    code: "language-twice",
    detail: "must not be there twice",
  }]);
  equal(
    (await admin.get(`/v1/consent-templates/${id}`)).body.version,
    1,
  );
});

Deno.test("consent templates: a published version cannot be changed by anybody, not even the owner of the database", async () => {
  const { id, published } = await publishedTemplate(admin);
  const version = published.id;
  const attempts = [
    sql`update consent_template_texts set body = 'x' where template_version_id = ${version}`,
    sql`delete from consent_template_texts where template_version_id = ${version}`,
    sql`insert into consent_template_texts values (${version}, 'de', 'T', 'B')`,
    sql`truncate consent_template_texts cascade`,
    sql`update consent_template_versions set number = 9 where id = ${version}`,
    sql`delete from consent_template_versions where id = ${version}`,
  ];
  for (const attempt of attempts) {
    await rejects(inClinic(world, world.clinic(0), attempt));
  }
  const now = (await admin.get(`/v1/consent-templates/${id}`)).body;
  deepEqual(now.published, published);
});

Deno.test("consent templates: a list has those in use, of one kind, walked to its end both ways", async () => {
  const made: string[] = [];
  for (let n = 0; n < 3; n++) {
    const { id } = await publishedTemplate(admin);
    await change(id, { kind: "research" });
    made.push(id);
  }
  await make(admin, `/v1/consent-templates/${made[2]}/archive`);
  async function walked(query: string): Promise<string[]> {
    const path = `/v1/consent-templates?kind=research&limit=1&${query}`;
    const templates = await everyItem(admin, path);
    for (const each of templates) {
      equal(each.publishedNumber, 1);
      deepEqual(each.languages, ["en", "fr"]);
    }
    return templates.map(({ id }) => id);
  }
  deepEqual(await walked("sort=createdAt"), made.slice(0, 2));
  deepEqual(await walked(""), made.slice(0, 2).reverse());
  deepEqual(await walked("status=archived"), made.slice(2));
  await make(admin, `/v1/consent-templates/${made[2]}/restore`);
  deepEqual(await walked("status=all&sort=createdAt"), made);
});

Deno.test("consent templates: another clinic's is the 404 of one that nobody has", async () => {
  const { id } = await newTemplate(admin);
  const stranger = await logIn(world, world.clinic(1));
  const paths = [id, crypto.randomUUID()].map((each) =>
    `/v1/consent-templates/${each}`
  );
  const [one, other] = await Promise.all(
    paths.map((path) => stranger.get(path)),
  );
  assertSameProblem(one!, other!);
  assertProblem(one!, 404, "not-found");
  for (const path of paths) {
    assertProblem(await stranger.get(`${path}/versions`), 404, "not-found");
  }
});
