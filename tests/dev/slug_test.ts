import assert from "node:assert/strict";
import fc from "fast-check";
import { SLUG, slugOf } from "../../scripts/cli/slug.ts";

Deno.test("slug: a clinic's name becomes a short name that people recognise", () => {
  const expected = {
    "Clinique Lyon": "clinique-lyon",
    "Clinique de l'Étoile": "clinique-de-l-etoile",
    "  Centre médical — Port  ": "centre-medical-port",
    "Sacré-Cœur & Fils": "sacre-coeur-fils",
    "Clinique 🏥 du Lac": "clinique-du-lac",
    "ŒUVRE": "oeuvre",
    "Cabinet №7": "cabinet-no7",
  };
  for (const [name, slug] of Object.entries(expected)) {
    assert.equal(slugOf(name), slug);
  }
});

Deno.test("slug: none is made of fewer than three letters or digits", () => {
  for (const name of ["", "🏥", "--", "ab", "Ω", "عيادة"]) {
    assert.equal(slugOf(name), undefined, name);
  }
});

Deno.test("slug: whatever the name, it fits the registry's pattern or there is none", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (name) => {
    const slug = slugOf(name);
    assert.ok(slug === undefined || SLUG.test(slug));
  }));
  assert.equal(slugOf("a".repeat(500))?.length, 63);
  assert.equal(slugOf(`${"a".repeat(62)} b`), "a".repeat(62));
});

Deno.test("slug: the pattern is the registry's", async () => {
  const registry = await Deno.readTextFile(
    new URL("../../migrations/central/0001_registry.sql", import.meta.url),
  );
  assert.ok(registry.includes(`slug ~ '${SLUG.source}'`));
});
