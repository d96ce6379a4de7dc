import type { Random } from "../seed/places.ts";
import type { DemoApi, Json } from "./demo_api.ts";
import type { DevClinic } from "./dev_file.ts";

/** Requests of one part of the demo data at a time. */
export const CONCURRENCY = 6;
const DAY_MS = 86_400_000;

/** Those who make a demo clinic look lived in. */
interface Team {
  readonly admin: DemoApi;
  readonly secretary: DemoApi;
  readonly physician: DemoApi;
}

/** What there is to work with. */
export interface Practice extends Team {
  readonly clinic: DevClinic;
  readonly random: Random;
  readonly patients: readonly Json[];
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)]!;
}

/** A day before or after today. */
export function today(days = 0): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
}
