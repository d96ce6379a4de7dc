import { table } from "../../scripts/cli/table.ts";
import { say } from "../../scripts/cli/terminal.ts";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";
import { BUDGET } from "./bench_stack.ts";
import { type BenchRun, overBudget, type Run } from "./bench_run.ts";
import { GOALS, measure, type MeasureKey } from "./measures.ts";
import { barPlot, linePlot } from "./svg.ts";
import { findVersions } from "./versions.ts";

const FOLDER = `${PROJECT_DIR}/.data/bench`;

/** Counts over all runs of the API itself. */
export function addTotals({ runs, measures }: BenchRun): void {
  const ours = runs.filter(({ by }) => by === "ours");
  const failed = ours.flatMap(({ errors }) => Object.entries(errors));
  const kinds = failed.map(([kind, count]) => `${kind}: ${count}`).join(", ");
  const sum = failed.reduce((total, [, count]) => total + count, 0);
  const peak = Math.max(
    0,
    ...ours.flatMap(({ samples = [] }) => samples.map(({ mb = 0 }) => mb)),
  );
  const most = Math.max(0, ...ours.map(({ clinics }) => clinics));
  measures.set("errors", measure("errors", sum, kinds || undefined));
  measures.set(
    "full",
    measure("full", ours.reduce((total, { full }) => total + full, 0)),
  );
  measures.set(
    "over_budget",
    measure(
      "over_budget",
      ours.reduce((total, run) => total + overBudget(run), 0),
    ),
  );
  measures.set(
    "api_mb",
    measure(
      "api_mb",
      peak,
      most < 1_000 ? `${most} clinics instead of 1,000` : undefined,
    ),
  );
}

/** Writes `.data/bench/latest.json` and the plots, and says how it went. */
export async function report(bench: BenchRun): Promise<void> {
  addTotals(bench);
  await writePlots(bench);
  await publish("load", bench, bench.servers.stack.tools, bench.plan.quick);
}

/** Writes `.data/bench/latest.json` and, to be kept beside other kinds, `<kind>.json`; and says how it went. */
export async function publish(
  kind: "load" | "fleet" | "audit",
  { runs, measures }: Pick<BenchRun, "runs" | "measures">,
  tools: Parameters<typeof findVersions>[0],
  quick: boolean,
): Promise<void> {
  const result = {
    at: new Date().toISOString(),
    kind,
    quick,
    versions: await findVersions(tools),
    measures: Object.fromEntries(measures),
    runs,
  };
  const text = JSON.stringify(result, null, 2) + "\n";
  for (const name of ["latest", kind]) {
    await Deno.writeTextFile(`${FOLDER}/${name}.json`, text);
  }
  const rows = [...measures].map(([key, { value, reach, ok, note = "" }]) => [
    ok ? "reached" : "MISSED",
    key,
    String(value),
    reach,
    GOALS[key as MeasureKey].text + (note && ` (${note})`),
  ]);
  say();
  say(table([["", "measure", "value", "reach", "what"], ...rows]));
  say(`\n${FOLDER}/latest.json`);
}

async function writePlots({ runs, measures }: BenchRun): Promise<void> {
  await plot(
    "clinics",
    barPlot(
      "GET one patient by number of clinics, uniform",
      "requests/s; without a budget in orange",
      byClinics(runs),
    ),
  );
  const timed = runs.filter(({ by, name, samples }) =>
    by === "ours" && samples && ["uniform", "zipf"].includes(name)
  ).slice(0, 4);
  if (timed.length > 0) {
    const lines = timed.map(({ name, clinics, samples = [] }) => ({
      label: `${name}, ${clinics} clinics`,
      points: samples.map(({ at, backends }) => [at / 1000, backends] as const),
    }));
    const budget = { label: `budget: ${BUDGET}`, value: BUDGET };
    await plot(
      "backends",
      linePlot("Backends of clinics over time (s)", "backends", lines, budget),
    );
  }
  let from = 0;
  const memory = runs.filter(({ by }) => by === "ours").flatMap(
    ({ samples = [] }) => {
      const points = samples.flatMap(({ at, mb }) =>
        mb === undefined ? [] : [[(from + at) / 1000, mb] as const]
      );
      from += samples.at(-1)?.at ?? 0;
      return points;
    },
  );
  if (memory.length > 0) {
    await plot(
      "memory",
      linePlot("Memory of the API over all runs (s of load)", "MiB", [{
        label: "resident",
        points: memory,
      }]),
    );
  }
  const ratios = [...measures].filter(([key]) => /_vs_|_tax/.test(key));
  if (ratios.length > 0) {
    await plot(
      "ratios",
      barPlot(
        "Ratios",
        "orange: not reached",
        ratios.map(([key, { value, ok }]) => ({
          label: key.slice(0, 17),
          value,
          colour: ok ? 0 : 1,
        })),
      ),
    );
  }
}

function byClinics(runs: readonly Run[]) {
  const counted = runs.filter(({ name, by }) =>
    ["get", "uniform"].includes(name) && (by === "ours" || by === "plain")
  );
  const last = new Map(counted.map((run) => [`${run.clinics} ${run.by}`, run]));
  return [...last.values()]
    .toSorted((a, b) => a.clinics - b.clinics || a.by.localeCompare(b.by))
    .map(({ by, clinics, rate }) => ({
      label: `${clinics}`,
      value: rate,
      colour: by === "ours" ? 0 : 1,
    }));
}

async function plot(name: string, svg: string): Promise<void> {
  await Deno.writeTextFile(`${FOLDER}/${name}.svg`, svg);
}
