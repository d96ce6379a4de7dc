import { measure, median } from "../measures.ts";
import type { Scenario } from "./scenario.ts";

const QUIET = 9;
/** Each of the quiet clinics asks five times a second. */
const PAUSE_MS = 200;

/** One clinic asks as fast as it can; nine others hardly ever. */
export const noisy: Scenario = {
  name: "noisy",
  measures: ["quiet_p99"],
  async run(bench, { ours }) {
    const noisy = bench.seats(1);
    const quiet = bench.seats(1 + QUIET).slice(1);
    const seconds = bench.plan.quick ? 5 : 10;
    const load = {
      seats: quiet,
      connections: QUIET,
      pauseMs: PAUSE_MS,
      seconds,
    };
    const ratios: number[] = [];
    await bench.warmUp(ours, { seats: bench.seats(1 + QUIET), seconds: 1 });
    for (let round = 0; round < bench.plan.rounds; round++) {
      const alone = await bench.load(ours, { name: "quiet", ...load });
      const noise = bench.warmUp(ours, { seats: noisy, seconds: seconds + 1 });
      const beside = await bench.load(ours, {
        name: "quiet beside noisy",
        ...load,
      });
      await noise;
      ratios.push(beside.p99! / alone.p99!);
    }
    bench.measures.set("quiet_p99", measure("quiet_p99", median(ratios)));
  },
};
