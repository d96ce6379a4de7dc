import assert from "node:assert/strict";
import {
  ArgumentError,
  readClinicArguments,
} from "../../scripts/cli/arguments.ts";

const GOOD = {
  name: "Clinique Lyon",
  email: "lyon@clinic.fr",
  phone: "+33456789012",
};

Deno.test("clinic create: what is not given is derived", () => {
  assert.deepEqual(readClinicArguments(GOOD), {
    ...GOOD,
    slug: "clinique-lyon",
    adminEmail: "lyon@clinic.fr",
  });
  assert.deepEqual(
    readClinicArguments({
      name: " Clinique de l'Étoile ",
      email: "a@b.example",
      phone: "+33 (4) 56.78-90 12",
      slug: "etoile",
      adminEmail: "chef@b.example",
    }),
    {
      name: "Clinique de l'Étoile",
      email: "a@b.example",
      phone: "+33456789012",
      slug: "etoile",
      adminEmail: "chef@b.example",
    },
  );
  assert.equal(
    readClinicArguments({ name: "Abc", email: "a@b.example" }).phone,
    null,
  );
});

Deno.test("clinic create: names keep quotes and what a shell or SQL would read", () => {
  const name = `Clinique "L'Étoile"; $(id) \`id\` -- DROP TABLE 🏥`;
  assert.equal(readClinicArguments({ ...GOOD, name }).name, name);
});

const BAD: readonly (readonly [string, unknown, RegExp])[] = [
  ["name", "", /^--name must be 1 to 200 characters$/],
  ["name", "x".repeat(10_240), /^--name must be 1 to 200 characters$/],
  ["name", "a\nb", /^--name must not contain line breaks/],
  ["name", "a\u001b[31mb", /^--name must not contain .*control characters$/],
  ["name", "a\0b", /^--name must not contain a NUL character$/],
  ["name", "a\ud800", /^--name is not well-formed text$/],
  ["name", "🏥", /^--slug is missing/],
  ["name", undefined, /^--name is missing$/],
  ["email", "lyon", /^--email must be an e-mail address/],
  ["email", "a@b.fr\nx", /^--email must be/],
  ["email", "z'; --@clinic.fr", /^--email must be/],
  ["email", `${"x".repeat(10_240)}@b.fr`, /^--email must be at most 254/],
  ["phone", "0456789012", /^--phone must be in international form/],
  ["phone", "+33456$(id)", /^--phone must be/],
  ["slug", "A B", /^--slug must be 3 to 63/],
  ["slug", "ab", /^--slug must be/],
  ["slug", "abc\n", /^--slug must be/],
  ["slug", "x';--", /^--slug must be/],
  ["adminEmail", "🏥", /^--admin-email must be an e-mail address/],
];

Deno.test("clinic create: bad input gets one line that names the option and repeats no value", () => {
  for (const [option, value, expected] of BAD) {
    assert.throws(
      () => readClinicArguments({ ...GOOD, [option]: value }),
      (error) => {
        assert.ok(error instanceof ArgumentError);
        assert.match(error.message, expected);
        assert.ok(!/[\n\p{Cc}]/u.test(error.message));
        return true;
      },
    );
  }
});
