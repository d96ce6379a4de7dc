import { type Context, Hono } from "hono";
import { routePath } from "hono/route";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CellCounts } from "../../tenancy/pools/cell_pools.ts";
import type { PublicEnv } from "../env.ts";

/** What monitoring reads of a process. */
export interface Measured {
  /** By the cell's id. */
  budgets(): ReadonlyMap<string, CellCounts>;
}

/** Whatever else somebody sends is one, so that nobody fills the memory with names. */
const METHODS: ReadonlySet<string> = new Set(
  ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
);
/** From a warm read to the longest that a request may take, in seconds. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/**
 * Numbers of one process, in the text form of Prometheus. Clinics and people are no labels: there are thousands of them,
 * and whoever reads the numbers need not know whose they are.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<"method" | "route" | "status">;
  readonly #seconds: Histogram<"method" | "route">;

  constructor(measured: Measured) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: "cloison_http_requests_total",
      help: "Requests answered, by method, pattern of the route and status",
      labelNames: ["method", "route", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "cloison_http_request_seconds",
      help: "From the head of a request to its answer",
      labelNames: ["method", "route"],
      buckets: BUCKETS,
      registers,
    });
    for (const [name, help, valueOf] of BUDGET_GAUGES) {
      new Gauge({
        name,
        help,
        labelNames: ["cell"],
        registers,
        collect() {
          this.reset();
          for (const [cell, counts] of measured.budgets()) {
            this.set({ cell }, valueOf(counts));
          }
        },
      });
    }
    new Counter({
      name: "cloison_connections_opened_total",
      help: "Connections that clinics were given, each with a backend",
      labelNames: ["cell"],
      registers,
      collect() {
        this.reset();
        for (const [cell, { opened }] of measured.budgets()) {
          this.inc({ cell }, opened);
        }
      },
    });
    new Gauge({
      name: "process_resident_memory_bytes",
      help: "Memory of the process",
      registers,
      collect() {
        this.set(Deno.memoryUsage().rss);
      },
    });
  }

  /** Notes a request that was answered. */
  note(c: Context<PublicEnv>, milliseconds: number): void {
    const method = METHODS.has(c.req.method) ? c.req.method : "other";
    const route = routePath(c, -1);
    this.#requests.inc({ method, route, status: c.res.status });
    this.#seconds.observe({ method, route }, milliseconds / 1000);
  }

  /** `GET /metrics` and nothing else: for a listener that no client reaches. */
  routes(): Hono {
    const routes = new Hono();
    routes.get("/metrics", async (c) => {
      const text = await this.#registry.metrics();
      return c.text(text, 200, { "content-type": this.#registry.contentType });
    });
    return routes;
  }
}

const BUDGET_GAUGES: readonly [
  name: string,
  help: string,
  valueOf: (counts: CellCounts) => number,
][] = [
  [
    "cloison_backends_budget",
    "Backends that this process may hold",
    (counts) => counts.budget,
  ],
  ["cloison_backends_used", "Backends that it holds", (counts) => counts.used],
  [
    "cloison_backends_opening",
    "Of these, the ones being opened",
    (counts) => counts.opening,
  ],
  [
    "cloison_clinics_connected",
    "Clinics with a connection",
    (counts) => counts.clinics,
  ],
  [
    "cloison_clinics_parked",
    "Clinics whose connection is kept without a backend",
    (counts) => counts.parkedClinics,
  ],
  [
    "cloison_clinics_waiting",
    "Clinics that wait for a connection",
    (counts) => counts.waitingClinics,
  ],
  [
    "cloison_callers_waiting",
    "Requests that wait for a connection to their clinic",
    (counts) => counts.waiting,
  ],
];
