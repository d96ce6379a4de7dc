import { measure, median } from "../measures.ts";
import type { Scenario } from "./scenario.ts";

/** Processors that connect at the same time are kept busy by so many. */
const CONNECTING = 8;

/** Of the length of a run each: about as many requests as there are clinics. */
const WARM_UPS = 2;

/** More clinics than backends: what opening and giving up connections costs. */
export const cold: Scenario = {
  name: "cold",
  measures: ["cold1000_vs_limit", "cold1000_p99", "zipf1000_vs_1"],
  async run(bench, { ours }, { limit }) {
    const { rounds, many, seconds, quick } = bench.plan;
    const one = bench.seats(1);
    const all = bench.seats(many);
    // To meet a clinic for the first time is what `first` measures: here, most have been before.
    for (let i = 0; i < WARM_UPS; i++) {
      await bench.warmUp(ours, { seats: all, seconds });
    }
    const ratios: number[] = [];
    const p99s: number[] = [];
    const zipfs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const opened = await bench.limit("connect", limit, {
        clients: CONNECTING,
        seconds: Math.min(seconds, 5),
        connectEachTime: true,
      });
      const uniform = await bench.load(ours, { name: "uniform", seats: all });
      ratios.push(uniform.rate / (opened.rate / uniform.missShare!));
      p99s.push(uniform.p99!);
      const zipf = await bench.load(ours, {
        name: "zipf",
        seats: all,
        spread: "zipf",
      });
      const get = await bench.load(ours, { name: "get", seats: one });
      zipfs.push(zipf.rate / get.rate);
    }
    const note = quick ? `${many} clinics instead of 1,000` : undefined;
    const set = bench.measures;
    set.set(
      "cold1000_vs_limit",
      measure("cold1000_vs_limit", median(ratios), note),
    );
    set.set("cold1000_p99", measure("cold1000_p99", median(p99s), note));
    set.set("zipf1000_vs_1", measure("zipf1000_vs_1", median(zipfs), note));
  },
};
