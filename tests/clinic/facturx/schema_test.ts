import { deepEqual, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { installTools, run } from "../../../scripts/npm/install.ts";
import { xmlOf } from "../../../src/clinic/documents/rendering/print.ts";
import { BARE, CREDIT, WHOLE } from "./sample.ts";

const here = new URL("./", import.meta.url);

Deno.test("Factur-X: the XML is valid by the published schema of the profile EN 16931, and the schema does find what is wrong", async () => {
  const tools = await installTools("facturx", here);
  const folder = await Deno.makeTempDir();
  try {
    const documents = [
      WHOLE,
      BARE,
      { ...WHOLE, ...CREDIT },
      { ...BARE, ...CREDIT },
    ].map(xmlOf);
    const broken = documents[0]!.replace(
      /<ram:CountryID>.*?<\/ram:CountryID>/,
      "$&$&",
    );
    const files = await Promise.all(
      [...documents, broken].map(async (xml, index) => {
        const file = `${folder}/${index}.xml`;
        await Deno.writeTextFile(file, xml);
        return file;
      }),
    );
    const program = fileURLToPath(new URL("validate.mjs", here));
    const root = fileURLToPath(tools).replace(/\/$/, "");
    const output = await run("node", [program, root, ...files], tools);
    const wrong: string[][] = JSON.parse(output);
    deepEqual(wrong.slice(0, -1), [[], [], [], []]);
    match(wrong.at(-1)![0] ?? "", /CountryID/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
