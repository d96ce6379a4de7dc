import { equal, match, ok } from "node:assert/strict";
import { openWorld } from "../support/world.ts";
import { logInTo, startApi } from "./api_process.ts";

async function read(url: string): Promise<string> {
  const response = await fetch(url);
  equal(response.status, 200);
  match(response.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  return await response.text();
}

/** The value of one series; `undefined` when there is none. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}

Deno.test("metrics: requests are counted by route, and neither path, clinic nor strange method is a label", async () => {
  await using world = await openWorld({ clinics: 1 });
  await using api = await startApi();
  const admin = await logInTo(api, world, world.clinic(0));
  const id = crypto.randomUUID();
  equal((await admin.get(`/v1/patients/${id}`)).status, 404);
  equal((await admin.get("/v1/patients?limit=1")).status, 200);
  const brewed = await fetch(`${api.url}/v1/patients`, { method: "BREW" });
  equal(brewed.status, 405);
  const text = await read(api.metricsUrl);
  const get = 'cloison_http_requests_total{method="GET",route="/v1/patients';
  equal(valueOf(text, `${get}/:id",status="404"}`), 1);
  equal(valueOf(text, `${get}",status="200"}`), 1);
  ok(!text.includes(id) && !text.includes(world.clinic(0).id));
  ok(!text.includes(world.clinic(0).slug) && !text.includes("BREW"));
  const [cell] = /\{cell="[0-9a-f-]{36}"\}/.exec(text)!;
  ok(valueOf(text, `cloison_backends_used${cell}`)! >= 1);
  ok(
    valueOf(text, `cloison_backends_budget${cell}`)! >=
      valueOf(text, `cloison_backends_used${cell}`)!,
  );
  equal(valueOf(text, `cloison_clinics_connected${cell}`), 1);
  equal(valueOf(text, `cloison_connections_opened_total${cell}`), 1);
  equal(valueOf(text, `cloison_clinics_parked${cell}`), 0);
  ok(valueOf(text, "process_resident_memory_bytes")! > 1_000_000);
});

Deno.test("metrics: what the alerts look at is served", async () => {
  await using world = await openWorld({ clinics: 1 });
  await using api = await startApi();
  await logInTo(api, world, world.clinic(0));
  const text = await read(api.metricsUrl);
  const rules = new URL(
    "../../infra/monitoring/cloison.rules.yml",
    import.meta.url,
  );
  const names = new Set(
    (await Deno.readTextFile(rules)).match(/\b(cloison|process)_\w+/g),
  );
  ok(names.size > 5);
  for (const name of names) {
    const family = name.replace(/_bucket$/, "");
    ok(text.includes(`# TYPE ${family} `), `${name} is not served`);
  }
});

Deno.test("metrics: clients do not reach them, and their listener serves nothing else", async () => {
  await using api = await startApi();
  equal((await fetch(`${api.url}/metrics`)).status, 404);
  const other = api.metricsUrl.replace("/metrics", "/v1/patients");
  equal((await fetch(other)).status, 404);
});
