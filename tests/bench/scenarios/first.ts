import { type BenchApi, startApi } from "../api.ts";
import type { BenchRun } from "../bench_run.ts";
import type { Seat } from "../fleet.ts";
import { measure, median } from "../measures.ts";
import { mintTokens } from "../tokens.ts";
import type { Scenario } from "./scenario.ts";

/**
 * The first answer of a clinic that this process has never met: registry, secrets, log-in, backend, statement.
 *
 * The servers have just been started, so the very first backend of each database also makes the file of catalogues that
 * its others begin with, and reads from the disk what stays in memory then. That is once for each start of PostgreSQL:
 * another process pays for it here, and how long it took is told beside the measure.
 */
export const first: Scenario = {
  name: "first",
  measures: ["cold_first_ms"],
  async run(bench, { ours }, { untouched }) {
    const started = await answersOfAnother(bench, untouched);
    await bench.sampler.untilIdle();
    await bench.warmUp(ours, { seats: bench.seats(10), seconds: 1 });
    const times = await firstAnswers(bench, ours, untouched);
    const note = `slowest of ${times.length}: ${ms(Math.max(...times))}; ` +
      `p50 after the start of PostgreSQL: ${ms(median(started))}`;
    const value = measure("cold_first_ms", median(times), note);
    bench.measures.set("cold_first_ms", value);
  },
};

async function answersOfAnother(
  bench: BenchRun,
  seats: readonly Seat[],
): Promise<number[]> {
  await using api = await startApi(bench.servers, "ours");
  await bench.warmUp(api, { seats: bench.seats(10), seconds: 1 });
  return await firstAnswers(bench, api, seats);
}

/** In milliseconds. */
async function firstAnswers(
  { fleet }: BenchRun,
  { url }: BenchApi,
  seats: readonly Seat[],
): Promise<number[]> {
  const tokens = await mintTokens(seats, url);
  const id = fleet.golden.read[0]!.id;
  const times: number[] = [];
  for (const token of tokens) {
    const started = performance.now();
    const response = await fetch(`${url}/v1/patients/${id}`, {
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
  return times;
}

function ms(time: number): string {
  return `${Math.round(time)} ms`;
}
