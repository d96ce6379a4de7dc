import { parseArgs } from "node:util";
import { say } from "../../scripts/cli/terminal.ts";
import { stopSignal } from "../../scripts/dev/stop_signal.ts";
import { chainAllLines } from "../../src/audit/chainer.ts";
import { verifyChains } from "../../src/audit/verify.ts";
import type { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { type BenchApi, startApi } from "./api.ts";
import { BenchRun } from "./bench_run.ts";
import { openBenchStack, settle } from "./bench_stack.ts";
import { timeBreachQueries } from "./breach_query.ts";
import { buildFleet, openFleet } from "./fleet.ts";
import { measure, median } from "./measures.ts";
import { type Plan, readPlan } from "./options.ts";
import { addTotals, publish } from "./report.ts";
import { Sampler } from "./sampler.ts";
import { addLines } from "./trail_lines.ts";
import { requireWrk } from "./wrk.ts";

const CLINICS = 10;
/** What the goals speak of. */
const LINES = 1_000_000;
const QUICK_LINES = 100_000;

/** `deno task bench --audit`: what the trail costs those who ask, and what asking the trail itself takes. */
export async function benchAudit(args: string[]): Promise<void> {
  const plan = readAuditPlan(args);
  await requireWrk();
  const signal = stopSignal({ orphaned: true });
  await using servers = await openBenchStack({
    name: undefined,
    build: async (fast) => void await buildFleet(fast, CLINICS, signal),
  });
  await settle(servers);
  const fleet = await openFleet(servers);
  await using sampler = await Sampler.open(servers, []);
  const bench = new BenchRun({ plan, servers, fleet, sampler });
  await priceReads(bench);
  signal.throwIfAborted();
  await timeRelay(bench);
  signal.throwIfAborted();
  await withDatabase(
    servers.login,
    CENTRAL_DATABASE,
    (central) => readTrail(bench, central),
  );
  addTotals(bench);
  await publish("audit", bench, servers.stack.tools, plan.quick);
}

function readAuditPlan(args: string[]): Plan {
  const { values } = parseArgs({
    args,
    options: { audit: { type: "boolean" }, quick: { type: "boolean" } },
  });
  return readPlan(values.quick ? ["--quick"] : []);
}

/** The same requests with and without a line for each, one after the other, and each first in every second round. */
async function priceReads(bench: BenchRun): Promise<void> {
  say("reads");
  await using ours = await startApi(bench.servers, "ours");
  await using silent = await startApi(bench.servers, "silent");
  const seats = bench.seats(CLINICS);
  const ratios: number[] = [];
  for (const api of [ours, silent]) await bench.warmUp(api, { seats });
  for (let round = 0; round < bench.plan.rounds + 1; round++) {
    const order = round % 2 === 0 ? [silent, ours] : [ours, silent];
    const rates = new Map<BenchApi, number>();
    for (const api of order) {
      const { rate } = await bench.load(api, { name: "get", seats });
      rates.set(api, rate);
    }
    ratios.push(rates.get(ours)! / rates.get(silent)!);
  }
  bench.measures.set("audit_cost", measure("audit_cost", 1 - median(ratios)));
}

/** How long events of changes are on their way, while changes come as fast as they can be made. */
async function timeRelay(bench: BenchRun): Promise<void> {
  say("changes");
  const { login } = bench.servers;
  await withDatabase(login, CENTRAL_DATABASE, async (central) => {
    await central.script(`set role cloison_owner;
      create table bench_arrivals (id uuid primary key, at timestamptz not null, seen timestamptz not null);
      grant insert on bench_arrivals to cloison_api;
      create function bench_note_arrival() returns trigger language plpgsql as $$
      begin
        insert into bench_arrivals values (new.id, new.at, clock_timestamp());
        return null;
      end $$;
      create trigger bench_arrival after insert on audit_log for each row
        when (new.action = 'patient.create') execute function bench_note_arrival();
      reset role`);
    await using ours = await startApi(bench.servers, "ours");
    const seats = bench.seats(CLINICS);
    await bench.warmUp(ours, { seats, kind: "create" });
    await bench.load(ours, { name: "create", seats, kind: "create" });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const [row] = await central.rows<{ p99: number; count: number }>(sql`
      select count(*)::integer as count,
        percentile_cont(0.99) within group (order by
          extract(epoch from seen - at) * 1000)::float8 as p99
      from bench_arrivals`);
    await central.script(`set role cloison_owner;
      drop trigger bench_arrival on audit_log; drop table bench_arrivals; reset role`);
    bench.measures.set(
      "relay_lag_p99_ms",
      measure("relay_lag_p99_ms", row!.p99, `${row!.count} changes`),
    );
  });
}

/** A trail of so many lines, most of them of one clinic. */
async function readTrail(bench: BenchRun, central: Connection): Promise<void> {
  const lines = bench.plan.quick ? QUICK_LINES : LINES;
  const note = bench.plan.quick ? `${lines} lines, by the goal's` : undefined;
  say(`Making ${lines} lines of the trail…`);
  const clinicId = bench.seats(1)[0]!.clinic.id;
  await addLines(central, { clinicId, count: lines });
  await timed("chain", () => chainAllLines(central));
  await central.script("analyze audit_log; analyze audit_chain");
  const seconds = await timed("verify", async () => {
    const verified = verifyChains(central, { checkpoints: [] });
    for await (const { chain, tampering } of verified) {
      if (tampering) throw new Error(`Cannot measure: ${chain} is broken`);
    }
  });
  bench.measures.set(
    "verify_s",
    measure("verify_s", seconds * LINES / lines, note),
  );
  say("breach query");
  const slowest = await timeBreachQueries(central, clinicId);
  bench.measures.set(
    "breach_query_s",
    measure("breach_query_s", slowest * LINES / lines, note),
  );
}

async function timed(
  name: string,
  work: () => Promise<unknown>,
): Promise<number> {
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  say(`  ${name}: ${seconds.toFixed(1)} s`);
  return seconds;
}
