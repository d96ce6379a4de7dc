import assert from "node:assert/strict";
import { openStack } from "../../scripts/stack/cluster.ts";
import { freePorts, readPorts } from "../../scripts/stack/ports.ts";
import { addClinic, CLINIC_PASSWORD, psql, tempStackDir } from "./psql.ts";

const CLINIC_A = "cloison_clinic_" + "a".repeat(32);

Deno.test("stack: a second start is quick and keeps data and passwords", async () => {
  await using dir = await tempStackDir();
  const ports = freePorts();
  const pids: number[] = [];
  const first = await openStack({ dir: dir.path, ports, fast: true });
  try {
    await addClinic(first, CLINIC_A);
    pids.push(...first.pids);
  } finally {
    await first.stop();
  }
  const started = performance.now();
  await using second = await openStack({ dir: dir.path, ports, fast: true });
  const took = performance.now() - started;
  assert.ok(took < 2_000, `took ${took} ms`);
  assert.deepEqual(second.credentials, first.credentials);
  const a = { user: CLINIC_A, password: CLINIC_PASSWORD };
  const answer = await psql(
    second,
    second.pooler.port,
    a,
    CLINIC_A,
    "SELECT 1",
  );
  assert.equal(answer.out, "1", answer.error);
  for (const pid of pids) assert.throws(() => Deno.kill(pid, "SIGCONT"));
});

Deno.test("stack: a taken port is named, with the variable to change", async () => {
  await using dir = await tempStackDir();
  const ports = freePorts();
  for (const [part, variable] of TAKEN) {
    const port = ports[part];
    using _taken = Deno.listen({ hostname: "127.0.0.1", port });
    await assert.rejects(
      openStack({ dir: dir.path, ports, fast: true }),
      new RegExp(`port ${port} is taken.*${variable}=${port + 1}`),
    );
  }
  // PostgreSQL ran already when the pooler's port was refused: it must be gone.
  Deno.listen({ hostname: "127.0.0.1", port: ports.postgres }).close();
});

const TAKEN = [
  ["postgres", "CLOISON_POSTGRES_PORT"],
  ["pooler", "CLOISON_POOLER_PORT"],
] as const;

Deno.test("ports: defaults, choices, and what is refused", () => {
  assert.deepEqual(readPorts(() => undefined), {
    api: 8787,
    pooler: 6543,
    postgres: 5544,
  });
  const env: Record<string, string> = { CLOISON_API_PORT: "9000" };
  assert.equal(readPorts((name) => env[name]).api, 9000);
  for (const bad of ["5432", "0", "65536", "6543", "x", "80"]) {
    assert.throws(
      () => readPorts((name) => name === "CLOISON_API_PORT" ? bad : undefined),
      RangeError,
    );
  }
});

Deno.test({
  name: "stack: servers end with a process that was killed",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using dir = await tempStackDir();
    const ports = freePorts();
    const supervisor = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "-A",
        new URL("./supervisor.ts", import.meta.url).pathname,
      ],
      env: { STACK_DIR: dir.path, STACK_PORTS: JSON.stringify(ports) },
      stdout: "piped",
    }).spawn();
    const reader = supervisor.stdout.getReader();
    const { value } = await reader.read();
    const pids: number[] = JSON.parse(new TextDecoder().decode(value));
    assert.equal(pids.length, 2);
    supervisor.kill("SIGKILL");
    await reader.cancel();
    await supervisor.status;
    const deadline = performance.now() + 10_000;
    while (pids.some(isAlive) && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(pids.filter(isAlive), []);
  },
});

/** A zombie has ended: who adopts it decides when it disappears. */
function isAlive(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/\) Z /.test(stat);
  } catch {
    return false;
  }
}
