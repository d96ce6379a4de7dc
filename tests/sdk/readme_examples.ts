const PACKAGE = 'import("@cloison/client")';

/** What the examples take for granted. */
const GIVEN: Readonly<Record<string, string>> = {
  baseUrl: "string",
  clinic: "string",
  email: "string",
  password: "string",
  id: "string",
  body: `${PACKAGE}.components["schemas"]["PatientCreate"]`,
  cloison: `${PACKAGE}.CloisonClient`,
  unwrap: `typeof ${PACKAGE}.unwrap`,
  show: "(...values: unknown[]) => void",
  open: "(value: unknown) => void",
};

/** Makes a program of every example in TypeScript that a README has. @returns the names of the files */
export async function writeExamples(readme: URL, to: URL): Promise<string[]> {
  const text = await Deno.readTextFile(readme);
  const [name] = readme.pathname.split("/").slice(-2);
  const files: string[] = [];
  for (const [, code] of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
    const file = `readme_${name}_${files.length}.ts`;
    const given = Object.entries(GIVEN)
      .filter(([each]) => !declares(code!, each))
      .map(([each, type]) => `declare const ${each}: ${type};\n`);
    await Deno.writeTextFile(
      new URL(file, to),
      `${given.join("")}${code}export {};\n`,
    );
    files.push(file);
  }
  return files;
}

function declares(code: string, name: string): boolean {
  const either = `(?:\\{[^}]*\\b${name}\\b[^}]*\\}|${name}\\b)`;
  return new RegExp(`(?:const|import) ${either}`).test(code);
}
