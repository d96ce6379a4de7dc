import assert from "node:assert/strict";
import {
  type DevFile,
  readDevFile,
  writeDevFile,
} from "../../scripts/dev/dev_file.ts";
import { openFolder } from "../../scripts/dev/folder.ts";
import { alreadyRuns, DevLock, findHolder } from "../../scripts/dev/lock.ts";
import { type DevPaths, devPaths } from "../../scripts/dev/paths.ts";
import { refuseTakenPorts } from "../../scripts/dev/taken_ports.ts";
import { freePorts } from "../../scripts/stack/ports.ts";
import { tempDataDir } from "./support.ts";

const FILE: DevFile = {
  api: "http://127.0.0.1:8787",
  docs: "http://127.0.0.1:8787/docs",
  pooler: { host: "127.0.0.1", port: 6543 },
  postgres: {
    host: "127.0.0.1",
    port: 5544,
    superuser: "postgres",
    password: "p",
  },
  central: { database: "cloison_central" },
  clinics: [{
    id: "01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b",
    slug: "clinique-des-lilas",
    name: "Clinique des Lilas",
    database: "cloison_clinic_01981e5c7d2a7c3e9b1f2a4d6e8f0a1b",
    users: [{ role: "admin", email: "a@b.example", password: "p" }],
  }],
  platform: { email: "o@b.example", password: "p" },
};

async function openPaths(): Promise<
  AsyncDisposable & { readonly paths: DevPaths }
> {
  const dir = await tempDataDir();
  const paths = devPaths((name) =>
    name === "CLOISON_DATA_DIR" ? dir.path : undefined
  );
  return { paths, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

Deno.test("dev.json: it is read as it was written, and only its owner may", async () => {
  await using dir = await openPaths();
  const { devFile } = dir.paths;
  assert.equal(await readDevFile(devFile), undefined);
  await writeDevFile(devFile, FILE);
  await writeDevFile(devFile, FILE);
  assert.deepEqual(await readDevFile(devFile), FILE);
  assert.equal((await Deno.stat(devFile)).mode! & 0o777, 0o600);
  await Deno.writeTextFile(devFile, '{"api": 1}');
  await assert.rejects(readDevFile(devFile), /task dev:reset$/);
});

Deno.test("dev: a first start that was killed half-way starts over", async () => {
  await using dir = await openPaths();
  const { paths } = dir;
  assert.equal(await openFolder(paths), undefined);
  await Deno.writeTextFile(paths.credentials, "{}");
  await writeDevFile(paths.devFile, FILE);
  assert.equal(await openFolder(paths), undefined);
  await assert.rejects(Deno.stat(paths.credentials), Deno.errors.NotFound);
  await assert.rejects(Deno.stat(paths.devFile), Deno.errors.NotFound);
});

Deno.test("dev: data are never thrown away because the demo passwords are gone", async () => {
  await using dir = await openPaths();
  const { paths } = dir;
  await openFolder(paths);
  await Deno.writeTextFile(paths.credentials, "{}");
  await Deno.remove(paths.unfinished);
  await assert.rejects(openFolder(paths), /task dev:reset$/);
  await writeDevFile(paths.devFile, FILE);
  assert.deepEqual(await openFolder(paths), FILE);
});

Deno.test("dev: one stack at a time, and the second is told which one runs", async () => {
  await using dir = await openPaths();
  const { lock } = dir.paths;
  assert.equal(await findHolder(lock), undefined);
  {
    using held = await DevLock.take(lock);
    assert.ok(held);
    assert.equal(await findHolder(lock), "starting");
    const holder = { pid: 4242, api: FILE.api, ready: false };
    held.write({ ...holder, api: `${FILE.api}/longer` });
    held.write(holder);
    assert.deepEqual(await findHolder(lock), holder);
    assert.equal(await DevLock.take(lock), undefined);
    assert.match(alreadyRuns(holder).message, /process 4242, http.*dev:stop$/);
  }
  assert.equal(await findHolder(lock), undefined);
  using again = await DevLock.take(lock);
  assert.ok(again);
});

Deno.test("dev: its folder is inside .data, for nothing else may be written", () => {
  for (const bad of ["/elsewhere", "..", ".data/../x", ".database"]) {
    assert.throws(() => devPaths(() => bad), RangeError, bad);
  }
  assert.match(devPaths(() => undefined).devFile, /\/\.data\/dev\.json$/);
});

Deno.test("dev: a taken port is named before anything is installed or made", async () => {
  await using dir = await openPaths();
  const { paths } = dir;
  const ports = freePorts();
  await refuseTakenPorts(paths, ports);
  for (
    const [name, variable] of [
      ["api", "CLOISON_API_PORT"],
      ["pooler", "CLOISON_POOLER_PORT"],
      ["postgres", "CLOISON_POSTGRES_PORT"],
    ] as const
  ) {
    const port = ports[name];
    using _taken = Deno.listen({ hostname: "127.0.0.1", port });
    await assert.rejects(
      refuseTakenPorts(paths, ports),
      new RegExp(`port ${port} is taken.*${variable}=${port + 1}`),
    );
  }
  // The servers of a cluster that is there may still be the ones that hold them.
  await Deno.mkdir(paths.stack, { recursive: true });
  await Deno.writeTextFile(paths.credentials, "{}");
  using _own = Deno.listen({ hostname: "127.0.0.1", port: ports.postgres });
  await refuseTakenPorts(paths, ports);
});
