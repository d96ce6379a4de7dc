import { startApi } from "../api.ts";
import type { BenchRun } from "../bench_run.ts";

/** A pool per clinic without a budget, at growing numbers of clinics. Nothing else may hold backends meanwhile. */
export async function runPlain(bench: BenchRun): Promise<void> {
  await using plain = await startApi(bench.servers, "plain");
  await bench.warmUp(plain, { seats: bench.seats(1) });
  const counts = [1, 10, 100, 250, 1_000].filter((count) =>
    count <= bench.plan.many
  );
  for (const count of counts) {
    await bench.load(plain, { name: "get", seats: bench.seats(count) });
  }
}
