/** The `package.json` of the client, as it is published. */
export function packageJson(
  version: string,
  dependencies: Readonly<Record<string, string>>,
): string {
  const manifest = {
    name: "@cloison/client",
    version,
    description: "The TypeScript client of the Cloison API",
    license: "Apache-2.0",
    keywords: ["cloison", "clinic", "api", "openapi"],
    type: "module",
    sideEffects: false,
    engines: { node: ">=20" },
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
    types: "./dist/index.d.ts",
    files: ["dist", "src", "examples", "README.md", "LICENSE"],
    dependencies,
    // A package of a scope is private unless it says so.
    publishConfig: { access: "public" },
  };
  return JSON.stringify(manifest, null, 2) + "\n";
}
