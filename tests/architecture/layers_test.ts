import { deepEqual, equal, ok } from "node:assert/strict";
import { relative } from "node:path";

/** Each layer may import the ones before it. `config`, `crypto`, `db` and `mail` stand side by side. */
const RANK: Readonly<Record<string, number>> = {
  kernel: 0,
  config: 1,
  crypto: 1,
  db: 1,
  mail: 1,
  audit: 2,
  tenancy: 3,
  http: 4,
  clinic: 5,
  platform: 5,
};

/** What opens clinics' databases, or their secrets. */
const INTO_CLINICS =
  /^tenancy\/(clinic_(db|gate)|pools\/|directory\/(clinic_|sealed_)|provisioning\/|rotation\/)/;

const ROOT = new URL("../../src/", import.meta.url);

interface Import {
  readonly from: string;
  readonly to: string;
}

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** Every import in `src`, with what TypeScript only needs for types. */
async function importGraph(): Promise<Import[]> {
  const files: string[] = [];
  await collect(ROOT, files);
  const imports: Import[] = [];
  for (const file of files) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-remote", file],
      stderr: "null",
    }).output();
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
      modules: Module[];
    };
    const self = modules.find(({ specifier }) =>
      specifier === new URL(`file://${file}`).href
    );
    for (const { code, type } of self?.dependencies ?? []) {
      const to = code?.specifier ?? type?.specifier;
      if (to) imports.push({ from: place(`file://${file}`), to: place(to) });
    }
  }
  return imports;
}

async function collect(folder: URL, files: string[]): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    if (entry.isDirectory) await collect(url, files);
    else if (entry.name.endsWith(".ts")) files.push(url.pathname);
  }
}

/** `tenancy/clinic_db.ts`, or the name of a package. */
function place(specifier: string): string {
  return specifier.startsWith("file:")
    ? relative(ROOT.pathname, new URL(specifier).pathname)
    : specifier;
}

function layerOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : "";
}

/** `clinic/patients`: features do not import one another. */
function featureOf(file: string): string | undefined {
  const [layer, feature, rest] = file.split("/");
  return (layer === "clinic" || layer === "platform") && rest
    ? `${layer}/${feature}`
    : undefined;
}

function isOurs(place: string): boolean {
  return place.endsWith(".ts") && !place.includes(":");
}

/** What is wrong with an import; `undefined` when it may stand. */
function violation({ from, to }: Import): string | undefined {
  if (!isOurs(to)) {
    return to.startsWith("npm:postgres@") && from !== "db/driver.ts"
      ? "only db/driver.ts imports the driver"
      : undefined;
  }
  const [source, target] = [layerOf(from), layerOf(to)];
  if (source === "") return undefined; // main.ts, app.ts: the wiring
  if (target === "") return "no file in a folder imports a root file";
  if (source === "platform" && INTO_CLINICS.test(to)) {
    return "the platform reaches no clinic's database";
  }
  const [mine, theirs] = [RANK[source], RANK[target]];
  if (mine === undefined || theirs === undefined) return "unknown layer";
  if (source !== target && theirs >= mine) return `${source} imports ${target}`;
  const [feature, other] = [featureOf(from), featureOf(to)];
  if (feature && other && feature !== other) return "features import features";
  return undefined;
}

Deno.test("architecture: every file imports only to its left", async () => {
  const imports = await importGraph();
  ok(imports.length > 100, "the import graph was read");
  const wrong = imports.flatMap((each) => {
    const reason = violation(each);
    return reason ? [`${each.from} -> ${each.to}: ${reason}`] : [];
  });
  deepEqual(wrong, []);
});

Deno.test("architecture: the rule refuses what it must refuse", () => {
  const refused: Import[] = [
    { from: "kernel/ids.ts", to: "db/sql.ts" },
    { from: "db/pool.ts", to: "crypto/seal.ts" },
    { from: "tenancy/clinic_db.ts", to: "http/guard.ts" },
    { from: "clinic/patients/routes.ts", to: "platform/clinics/queries.ts" },
    { from: "clinic/patients/routes.ts", to: "clinic/auth/queries.ts" },
    { from: "platform/clinics/routes.ts", to: "tenancy/clinic_db.ts" },
    { from: "platform/guard.ts", to: "tenancy/pools/clinic_pools.ts" },
    { from: "http/guard.ts", to: "app.ts" },
    { from: "tenancy/clinic_pools.ts", to: "npm:postgres@3.4.7" },
    { from: "elsewhere/x.ts", to: "kernel/ids.ts" },
  ];
  for (const each of refused) ok(violation(each), `${each.from} -> ${each.to}`);
  equal(
    violation({ from: "clinic/patients/routes.ts", to: "http/router.ts" }),
    undefined,
  );
});

Deno.test("architecture: only the configuration and main read the environment, and nothing runs at import", async () => {
  const files: string[] = [];
  await collect(ROOT, files);
  for (const file of files) {
    const text = await Deno.readTextFile(file);
    const name = place(`file://${file}`);
    if (name !== "main.ts" && name !== "worker.ts") {
      ok(!/Deno\.env|process\.env/.test(text), `${name} reads the environment`);
    }
  }
});
