import { parseArgs } from "node:util";
import { ArgumentError } from "../../scripts/cli/arguments.ts";
import { openProgress } from "../../scripts/cli/progress.ts";
import { say } from "../../scripts/cli/terminal.ts";
import { migrationsOf, openProvisioner } from "../../scripts/dev/central.ts";
import { CELL } from "../../scripts/dev/paths.ts";
import { stopSignal } from "../../scripts/dev/stop_signal.ts";
import type { Migration } from "../../src/db/migrations.ts";
import { Secret } from "../../src/kernel/secret.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { openCloison } from "../support/cloison.ts";
import { untilDiskIsFree } from "./disk.ts";
import { countDone, linesOf } from "./fleet_lines.ts";
import { type BenchStack, openBenchStack, settle } from "./bench_stack.ts";
import type { Run } from "./bench_run.ts";
import {
  type Measure,
  measure,
  type MeasureKey,
  median,
  percentile,
} from "./measures.ts";
import { timeStocked } from "./stocked.ts";
import { publish } from "./report.ts";

/** How many clinics the goals speak of. */
const GOAL = 1_000;
/** Databases that are copied at a time; more of them only wait for the disk. */
const CREATED_AT_ONCE = 3;
const MIGRATED_AT_ONCE = 8;

/** What releases mostly do. */
const TYPICAL = [
  `alter table patients add column bench_note text not null default '';
  create index patients_bench_note_idx on patients (bench_note)`,
  "alter table staff add column bench_note text",
];

const POLL_MS = 50;

/** `deno task bench --fleet`: what it takes to make and to migrate many clinics, and to go on after a kill. */
export async function benchFleet(args: string[]): Promise<void> {
  const count = readCount(args);
  const signal = stopSignal({ orphaned: true });
  await using servers = await openBenchStack({
    name: undefined,
    // They are made with the settings of production: that is what is measured.
    build: () => Promise.resolve(),
  });
  const bench = new FleetBench(servers, count, signal);
  await bench.create();
  await settle(servers);
  await bench.takeFromStock();
  await settle(servers);
  const first = await bench.migrationsWith(TYPICAL.slice(0, 1));
  await bench.migrate(first);
  await bench.killAtHalf(await bench.migrationsWith(TYPICAL));
  await publish("fleet", bench, servers.stack.tools, count < GOAL);
}

function readCount(args: string[]): number {
  const { values } = parseArgs({
    args,
    options: {
      fleet: { type: "boolean" },
      clinics: { type: "string", default: String(GOAL) },
    },
  });
  if (!/^[1-9]\d{0,3}$/.test(values.clinics) || Number(values.clinics) < 4) {
    throw new ArgumentError("--clinics must be a number from 4 to 9999");
  }
  return Number(values.clinics);
}

/** Of migrations. */
interface Folder {
  readonly path: string;
  /** Number of the last. */
  readonly target: number;
}

class FleetBench {
  readonly runs: Run[] = [];
  readonly measures = new Map<MeasureKey, Measure>();
  readonly #servers: BenchStack;
  readonly #count: number;
  /** With those that were taken from the stock. */
  #all: number;
  readonly #signal: AbortSignal;
  /** What the clinics are made with. */
  #files: readonly Migration[] = [];

  constructor(servers: BenchStack, count: number, signal: AbortSignal) {
    this.#servers = servers;
    this.#count = count;
    this.#all = count;
    this.#signal = signal;
  }

  async create(): Promise<void> {
    const { login, keyFile } = this.#servers;
    say(`Making ${this.#count} clinics…`);
    const keys = new Secret(await Deno.readTextFile(keyFile));
    const provisioner = await openProvisioner(login, keys);
    this.#files = await migrationsOf("clinic");
    const progress = openProgress({ quiet: !Deno.stderr.isTerminal() });
    let done = 0;
    const numbers = Array.from({ length: this.#count }, (_, i) => i).values();
    await untilDiskIsFree(this.#servers.dir, this.#signal);
    const started = performance.now();
    await Promise.all(Array.from({ length: CREATED_AT_ONCE }, async () => {
      for (const i of numbers) {
        this.#signal.throwIfAborted();
        const slug = `fleet-${i}`;
        await provisioner.create(
          { slug, name: slug, email: `${slug}@clinic.example`, phone: null },
          {
            email: "admin@clinic.example",
            givenNames: "Ada",
            familyName: "Bench",
          },
        );
        progress.step({
          done: ++done,
          failed: 0,
          total: this.#count,
          line: slug,
        });
      }
    }));
    progress.end();
    this.#time("create clinics", "fleet_create_s", started, this.#count);
  }

  async takeFromStock(): Promise<void> {
    say("Taking clinics from the stock, one after the other…");
    const times = await timeStocked(this.#servers, this.#signal);
    const p95 = percentile(times, 95);
    const p50 = median(times);
    const max = Math.max(...times);
    this.#all += times.length;
    say(
      `  ${Math.round(p50)} ms, p95 ${Math.round(p95)}, slowest ${
        Math.round(max)
      }`,
    );
    this.measures.set(
      "stocked_ms",
      measure("stocked_ms", p95, `p50 ${Math.round(p50)} ms`),
    );
    this.runs.push({
      name: "take a clinic from the stock",
      by: "ours",
      clinics: this.#count,
      rate: 1000 / p50,
      p50,
      max,
      errors: {},
      full: 0,
    });
  }

  /** The files of this program with further ones. */
  async migrationsWith(texts: readonly string[]): Promise<Folder> {
    const folder = `${this.#servers.dir}/migrations-${texts.length}`;
    await Deno.mkdir(folder);
    const files = this.#files;
    const all = [
      ...files,
      ...texts.map((text, i) => ({
        number: files.length + i + 1,
        name: `bench_${i}`,
        sql: text,
      })),
    ];
    for (const { number, name, sql } of all) {
      const file = `${String(number).padStart(4, "0")}_${name}.sql`;
      await Deno.writeTextFile(`${folder}/${file}`, sql);
    }
    return { path: folder, target: all.length };
  }

  async migrate({ path }: Folder): Promise<void> {
    say(`Migrating ${this.#all} clinics…`);
    const started = performance.now();
    await this.#finish(this.#open(path));
    this.#time("migrate clinics", "fleet_migrate_s", started, this.#all);
  }

  async killAtHalf({ path, target }: Folder): Promise<void> {
    say("Migrating them again, and killing it at half…");
    const { login } = this.#servers;
    await withDatabase(login, CENTRAL_DATABASE, async (central) => {
      const killed = this.#open(path);
      const half = this.#all / 2;
      while (await countDone(central, target) < half) {
        this.#signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      killed.kill("SIGKILL");
      await killed.output();
      const before = await linesOf(central, target);
      if (before.size === this.#all) {
        throw new Error("Cannot measure: it was done before the kill");
      }
      const started = performance.now();
      await this.#finish(this.#open(path));
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const after = await linesOf(central, target);
      const redone = [...before].filter(([id, line]) => after.get(id) !== line);
      this.measures.set(
        "fleet_redone",
        measure(
          "fleet_redone",
          redone.length,
          `killed after ${before.size} of ${this.#all}; the rest took ${seconds} s`,
        ),
      );
      this.measures.set(
        "fleet_left",
        measure("fleet_left", this.#all - after.size),
      );
    });
  }

  #open(folder: string): Deno.ChildProcess {
    const { stack, keyFile } = this.#servers;
    return openCloison({ stack: { ...stack, keyFile }, cell: CELL }, [
      "migrate",
      "--json",
      "--parallel",
      String(MIGRATED_AT_ONCE),
      "--canary",
      "2",
      "--migrations",
      folder,
    ]);
  }

  async #finish(process: Deno.ChildProcess): Promise<void> {
    const { code, stdout, stderr } = await process.output();
    if (code === 0) return;
    const [report, error] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    throw new Error(`Cannot migrate: ${error}${report}`);
  }

  #time(
    name: string,
    key: MeasureKey,
    started: number,
    count: number,
  ): void {
    const seconds = (performance.now() - started) / 1000;
    say(`  ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(1)} a second`);
    const note = count === GOAL
      ? undefined
      : `${count} took ${seconds.toFixed(1)} s`;
    this.measures.set(key, measure(key, seconds * GOAL / count, note));
    this.runs.push({
      name,
      by: "ours",
      clinics: count,
      rate: count / seconds,
      errors: {},
      full: 0,
    });
  }
}
