import { complain, explain, say } from "../../scripts/cli/terminal.ts";
import { stopSignal } from "../../scripts/dev/stop_signal.ts";
import { startApi } from "./api.ts";
import {
  type BenchStack,
  BUDGET,
  openBenchStack,
  settle,
} from "./bench_stack.ts";
import { BenchRun } from "./bench_run.ts";
import { buildFleet, type Fleet, openFleet } from "./fleet.ts";
import { benchAudit } from "./audit_bench.ts";
import { benchFleet } from "./fleet_bench.ts";
import { type Plan, readPlan } from "./options.ts";
import { report } from "./report.ts";
import { Sampler } from "./sampler.ts";
import { cold } from "./scenarios/cold.ts";
import { first } from "./scenarios/first.ts";
import { hot } from "./scenarios/hot.ts";
import { noisy } from "./scenarios/noisy.ts";
import { runPlain } from "./scenarios/plain.ts";
import { provisioning } from "./scenarios/provisioning.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { fillShared } from "./shared_clinics.ts";
import { benchSlots } from "./slots.ts";
import { requireWrk } from "./wrk.ts";

const SCENARIOS: readonly Scenario[] = [first, hot, noisy, cold, provisioning];

async function main(args: string[]): Promise<void> {
  if (args.includes("--fleet")) return await benchFleet(args);
  if (args.includes("--audit")) return await benchAudit(args);
  if (args.includes("--slots")) return await benchSlots();
  const started = performance.now();
  const plan = readPlan(args);
  await requireWrk();
  const signal = stopSignal({ orphaned: true });
  await using servers = await openBenchStack({
    name: plan.keep ? `kept-${plan.many}` : undefined,
    build: (fast) => build(fast, plan, signal),
  });
  signal.throwIfAborted();
  const fleet = await openFleet(servers);
  const apart = fleet.seats.slice(-2).map(({ clinic }) =>
    clinic.target.database
  );
  await settle(servers);
  say(`Ready after ${seconds(started)} s; budget: ${BUDGET} backends`);
  await using sampler = await Sampler.open(servers, apart);
  const bench = new BenchRun({ plan, servers, fleet, sampler });
  await measureAll(bench, fleet, signal);
  await report(bench);
  say(`Done after ${seconds(started)} s`);
}

/** All clinics of the run: those that are loaded, then those with a part of their own. */
async function build(
  servers: BenchStack,
  plan: Plan,
  signal: AbortSignal,
): Promise<void> {
  const total = plan.many + plan.untouched + 2;
  say(`Making ${total} clinics…`);
  const seats = await buildFleet(servers, total, signal);
  await fillShared(servers, seats.at(-1)!, seats.slice(0, plan.hot));
}

async function measureAll(
  bench: BenchRun,
  { seats }: Fleet,
  signal: AbortSignal,
): Promise<void> {
  const { plan, servers } = bench;
  const [limit, host] = seats.slice(-2);
  const reserved = {
    limit: limit!,
    untouched: seats.slice(plan.many, plan.many + plan.untouched),
  };
  {
    await using ours = await startApi(servers, "ours");
    await using shared = await startApi(servers, "shared", {
      CLOISON_BENCH_SHARED: host!.clinic.id,
    });
    for (const scenario of SCENARIOS) {
      signal.throwIfAborted();
      if (!isWanted(plan, [scenario.name, ...scenario.measures])) continue;
      say(scenario.name);
      await scenario.run(bench, { ours, shared }, reserved);
    }
  }
  if (!isWanted(plan, ["plain"])) return;
  signal.throwIfAborted();
  say("plain");
  await bench.sampler.untilIdle();
  await runPlain(bench);
}

function isWanted({ only }: Plan, names: readonly string[]): boolean {
  return only.length === 0 || names.some((name) => only.includes(name));
}

function seconds(started: number): number {
  return Math.round((performance.now() - started) / 1000);
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    complain(explain(error));
    Deno.exit(1);
  }
}
