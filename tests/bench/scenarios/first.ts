import { measure, median } from "../measures.ts";
import { mintTokens } from "../tokens.ts";
import type { Scenario } from "./scenario.ts";

/** The first answer of a clinic that this process has never met: registry, secrets, log-in, backend, statement. */
export const first: Scenario = {
  name: "first",
  measures: ["cold_first_ms"],
  async run(bench, { ours }, { untouched }) {
    await bench.warmUp(ours, { seats: bench.seats(10), seconds: 1 });
    const tokens = await mintTokens(untouched, ours.url);
    const id = bench.fleet.golden.read[0]!.id;
    const times: number[] = [];
    for (const token of tokens) {
      const started = performance.now();
      const response = await fetch(`${ours.url}/v1/patients/${id}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      await response.body?.cancel();
      times.push(performance.now() - started);
      if (response.status !== 200) {
        throw new Error(
          `Cannot measure: a first request was answered ${response.status}`,
        );
      }
    }
    bench.measures.set(
      "cold_first_ms",
      measure(
        "cold_first_ms",
        median(times),
        `slowest of ${times.length}: ${Math.round(Math.max(...times))} ms`,
      ),
    );
  },
};
