import assert from "node:assert/strict";
import { type DevFile, readDevFile } from "../../scripts/dev/dev_file.ts";
import { SUPERVISOR_FLAGS } from "../../scripts/dev/permissions.ts";
import { freePorts } from "../../scripts/stack/ports.ts";
import { countPatients, logIn } from "./api.ts";
import { type Answer, processesIn, run, tempDataDir } from "./support.ts";

const DENO = Deno.execPath();

Deno.test("dev --detach: two clinics, a third one at once, kept over a second start", async (t) => {
  await using dir = await tempDataDir();
  const ports = freePorts();
  const env = {
    CLOISON_DATA_DIR: dir.path,
    CLOISON_API_PORT: String(ports.api),
    CLOISON_POOLER_PORT: String(ports.pooler),
    CLOISON_POSTGRES_PORT: String(ports.postgres),
  };
  const path = `${dir.path}/dev.json`;

  function dev(...args: string[]): Promise<Answer> {
    return run(
      [DENO, "run", "--quiet", ...SUPERVISOR_FLAGS, ...args],
      env,
    );
  }
  const start = () => dev("scripts/dev.ts", "--detach");
  const stop = () => dev("scripts/dev_stop.ts");
  let file: DevFile | undefined;
  let third: { slug: string; admin: { email: string; password: string } };

  const steps: Record<string, () => Promise<void>> = {
    "the first start prints the log-ins": async () => {
      const { code, out, error } = await start();
      assert.equal(code, 0, out + error);
      file = await readDevFile(path);
      assert.ok(file);
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
      assert.equal(file.api, `http://127.0.0.1:${ports.api}`);
      assert.equal(file.clinics.length, 2);
      assert.ok(out.includes(file.docs));
      for (const { users } of file.clinics) {
        for (const { password } of users) assert.ok(out.includes(password));
      }
    },

    "everybody can log in, and there are patients": async () => {
      const { api, clinics } = file!;
      for (const { slug, users } of clinics) {
        const tokens = await Promise.all(
          users.map(({ email, password }) => logIn(api, slug, email, password)),
        );
        assert.equal(await countPatients(api, tokens[0]!), 200);
      }
    },

    "the documents need no other permission": async () => {
      for (const page of ["/docs", "/docs/scalar.js", "/openapi.json"]) {
        const response = await fetch(file!.api + page);
        assert.equal(response.status, 200, page);
        assert.ok((await response.text()).length > 100);
      }
    },

    "a third clinic is reachable at once": async () => {
      const made = await run([
        "scripts/init-clinic.sh",
        "Clinique de l'Étoile $(id)",
        "lyon@clinic.fr",
        "+33456789012",
        "--json",
      ], env);
      assert.equal(made.code, 0, made.error);
      third = JSON.parse(made.out);
      const { slug, admin } = third;
      assert.equal(slug, "clinique-de-l-etoile-id");
      const token = await logIn(file!.api, slug, admin.email, admin.password);
      assert.equal(await countPatients(file!.api, token), 0);
    },

    "the same clinic twice is one line, exit code 1": async () => {
      for (const slug of ["clinique-de-l-etoile-id", "another"]) {
        const again = await run([
          "scripts/init-clinic.sh",
          "X",
          "lyon@clinic.fr",
          "",
          "--slug",
          slug,
        ], env);
        assert.equal(again.code, 1);
        assert.match(again.error, /^Another clinic has the .*\n$/);
      }
    },

    // Here with people's words in it, and with the limits that the API has when nobody asks for others.
    "the drill holds on the demo clinics, and signs what it found":
      async () => {
        const played = await dev("scripts/drill.ts", "--clinics", "4");
        assert.equal(played.code, 0, played.out + played.error);
        const [, report] = /^Report: (\S+)\.html and \.json/m.exec(played.out)!;
        const checked = await dev(
          "scripts/drill.ts",
          "--verify",
          `${report}.json`,
        );
        assert.equal(checked.code, 0, checked.out + checked.error);
        // Reports are proof and none of the stack's data: a reset leaves them.
        const folder = report!.slice(0, report!.lastIndexOf("/"));
        await Deno.remove(folder, { recursive: true });
      },

    "a second stack in the same folder is refused": async () => {
      const { code, error } = await start();
      assert.equal(code, 1);
      assert.match(error, /already runs \(process \d+, http.*dev:stop\n$/);
    },

    "it stops, and starts again in seconds as it was": async () => {
      // The fastest of a few: whatever else the machine does now and then is none of the start's.
      const times: number[] = [];
      for (let n = 0; n < 3 && !times.some((took) => took < 5_000); n++) {
        assert.equal((await stop()).code, 0);
        const started = performance.now();
        const { code, out, error } = await start();
        times.push(performance.now() - started);
        assert.equal(code, 0, out + error);
      }
      assert.ok(times.some((took) => took < 5_000), `took ${times} ms`);
      assert.deepEqual(await readDevFile(path), file);
      const { api, clinics: [first] } = file!;
      const { slug, admin } = third;
      await logIn(api, slug, admin.email, admin.password);
      const { email, password } = first!.users[0]!;
      const token = await logIn(api, first!.slug, email, password);
      assert.equal(await countPatients(api, token), 200);
    },
  };
  try {
    for (const [name, step] of Object.entries(steps)) {
      if (!await t.step(name, step)) return;
    }
  } finally {
    await stop();
  }

  await t.step("nothing is left that runs", async () => {
    for (const port of Object.values(ports)) {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
    }
    assert.equal(await processesIn(dir.path), "");
    const { out } = await stop();
    assert.equal(out, "No dev stack runs\n");
  });

  await t.step("reset forgets the data", async () => {
    assert.equal((await dev("scripts/dev_stop.ts", "--reset")).code, 0);
    assert.deepEqual([...Deno.readDirSync(dir.path)], []);
  });
});
