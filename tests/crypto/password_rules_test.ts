import assert from "node:assert/strict";
import { passwordProblems } from "../../src/crypto/password_rules.ts";

const CONTEXT = [
  "Clinique des Érables",
  "Dr Héloïse Marchand-Lefèvre",
  "heloise.marchand@erables.example",
];

function problems(password: string): string[] {
  return passwordProblems(password, CONTEXT);
}

Deno.test("long passwords need no rule of composition", () => {
  const good = [
    "correct horse battery staple",
    "tracteur-margueritte-ombre",
    "hgwqzkfpvbtx",
    "   mon chat dort le lundi   ",
    "日本語のパスワードは長いほど良い",
    "Xk7#pQ2!vLm9",
    "x".repeat(60) + "correct horse battery staple".repeat(2),
    "marchand de glace au citron vert",
  ];
  for (const password of good) assert.deepEqual(problems(password), []);
});

Deno.test("a password has 12 to 128 characters, however many bytes that is", () => {
  assert.deepEqual(problems("hgwqzkfpvbt"), ["too-short"]);
  assert.deepEqual(problems("hgwqzkfpvbtx"), []);
  assert.deepEqual(problems("é".normalize("NFD").repeat(3) + "hgwqzkfp"), [
    "too-short",
  ]);
  const long = "correct horse battery staple ".repeat(5);
  assert.deepEqual(problems(long.slice(0, 128)), []);
  assert.deepEqual(problems(long.slice(0, 129)), ["too-long"]);
  assert.deepEqual(problems("💊".repeat(11)), ["too-short", "too-common"]);
});

Deno.test("text that is not well-formed Unicode is no password", () => {
  assert.deepEqual(problems("correct horse \ud800"), ["ill-formed"]);
});

Deno.test("passwords made of common words, digits, rows and repetitions are refused", () => {
  const common = [
    "passwordpassword",
    "Password123456",
    "P@ssw0rd2024!!",
    "motdepasse1234",
    "MotDePasse!2027",
    "administrateur",
    "azertyuiop123",
    "azertyuiopqsdfghjklm",
    "1234567890123",
    "0987654321098",
    "qwertyuiopasdf",
    "poiuytrezaml",
    "abcdefghijkl",
    "aaaaaaaaaaaaaaaa",
    "abababababab",
    "iloveyou12345",
    "JeTaimeJeTaime",
    "changezmoi2026",
    "ChangeMe!ChangeMe!",
    "Cabinet-Medical-2026",
    "welcome welcome",
    "bonjourbonjour1",
    "473829104857",
    "14/07/1989 75011",
  ];
  for (const password of common) {
    assert.ok(problems(password).includes("too-common"), password);
  }
});

Deno.test("passwords made of what is known of the person or the clinic are refused", () => {
  const close = [
    "heloisemarchand",
    "Héloïse-Marchand1",
    "H3loise_Marchand",
    "cliniquedeserables",
    "Erables-Marchand-26",
    "lefevre.lefevre.01",
    "heloise.marchand@erables.example",
    "Marchand12345678",
  ];
  for (const password of close) {
    assert.deepEqual(problems(password), ["too-close-to-context"], password);
  }
});

Deno.test("rows and words of the context are taken out once each, whatever the context holds", () => {
  const odd = ["", " ", ".*", "(", "a", "$&", "\\"];
  assert.deepEqual(passwordProblems("correct horse battery", odd), []);
});

Deno.test("checking the longest password takes no noticeable time", () => {
  const started = performance.now();
  for (let count = 0; count < 20; count++) problems("azertyui".repeat(16));
  assert.ok((performance.now() - started) / 20 < 20);
});
