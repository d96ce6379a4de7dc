import { CONNECTIONS } from "../bench_run.ts";
import { measure, median } from "../measures.ts";
import type { Scenario } from "./scenario.ts";

/** Enough for every clinic to be asked for a few times. */
const REOPEN_SECONDS = 3;

/** Everything that is needed is connected and in memory: what the path itself costs. */
export const hot: Scenario = {
  name: "hot",
  measures: ["get_vs_limit", "list_vs_get", "hot100_vs_1", "isolation_tax"],
  async run(bench, { ours, shared }, { limit }) {
    const one = bench.seats(1);
    const many = bench.seats(bench.plan.hot);
    const { seconds, rounds } = bench.plan;
    await bench.warmUp(ours, { seats: one });
    await bench.warmUp(ours, { seats: one, kind: "list", seconds: 1 });
    await bench.warmUp(ours, { seats: many });
    await bench.warmUp(shared, { seats: many });
    const ratios = { get: [], list: [], hot: [], tax: [] } as Record<
      string,
      number[]
    >;
    for (let round = 0; round < rounds; round++) {
      const top = await bench.limit("limit", limit, {
        clients: CONNECTIONS,
        seconds,
      });
      const get = await bench.load(ours, { name: "get", seats: one });
      const list = await bench.load(ours, {
        name: "list",
        seats: one,
        kind: "list",
      });
      // The pooler ends backends that nobody used for ten seconds: since the last round, all of them.
      await bench.warmUp(ours, { seats: many, seconds: REOPEN_SECONDS });
      const all = await bench.load(ours, { name: "get", seats: many });
      await bench.warmUp(shared, { seats: many, seconds: REOPEN_SECONDS });
      const mixed = await bench.load(shared, { name: "get", seats: many });
      ratios.get!.push(get.rate / top.rate);
      ratios.list!.push(list.rate / get.rate);
      ratios.hot!.push(all.rate / get.rate);
      ratios.tax!.push(all.rate / mixed.rate);
    }
    const set = bench.measures;
    set.set("get_vs_limit", measure("get_vs_limit", median(ratios.get!)));
    set.set("list_vs_get", measure("list_vs_get", median(ratios.list!)));
    set.set("hot100_vs_1", measure("hot100_vs_1", median(ratios.hot!)));
    set.set("isolation_tax", measure("isolation_tax", median(ratios.tax!)));
    await bench.load(ours, { name: "get", seats: bench.seats(10) });
    await bench.load(ours, { name: "search", seats: one, kind: "search" });
    await bench.load(ours, { name: "create", seats: one, kind: "create" });
  },
};
