import { DatabaseError } from "../../db/errors.ts";
import type { Clock } from "../../kernel/clock.ts";
import { AppError } from "../../kernel/errors.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import { withTimeLimit } from "../../kernel/time_limit.ts";
import type { Clinic } from "../clinic.ts";

/** Finds a clinic where it is written; `undefined` when there is none. */
export interface ClinicSource {
  byId(id: string): Promise<Clinic | undefined>;
  bySlug(slug: string): Promise<Clinic | undefined>;
}

interface Entry {
  readonly clinic: Clinic;
  readonly loadedAt: number;
}

/** A look-up under way, with the changes that were announced while it was. */
interface Loading {
  readonly result: Promise<Clinic | undefined>;
  readonly dropped: Set<string>;
  droppedAll: boolean;
}

export interface ClinicDirectoryOptions {
  readonly source: ClinicSource;
  readonly clock: Clock;
  /** Clinics kept in memory; the one not asked for the longest goes first. */
  readonly maxEntries: number;
  /** How long clinics that are known are believed while the central database cannot be asked, in milliseconds. */
  readonly outageMs: number;
  /** Called with a clinic that changed: what hangs on its old entry, such as its pool, must go too. */
  readonly onChanged: (id: ClinicId) => void;
}

/** How long an entry may be believed while no changes can be heard, in milliseconds. */
const DEAF_LIFETIME_MS = 1_000;

/** A look-up that takes longer is given up, in milliseconds: a database that hangs is one that cannot be asked. */
const LOOK_UP_MS = 2_000;

/** A clinic that changes during so many look-ups in a row is used as the last one found it, and not kept. */
const MAX_ATTEMPTS = 5;

/**
 * The clinics that this process has met, so that no request needs the central database.
 *
 * An entry lives until a change of its clinic is announced. Nothing is kept about clinics that were not found and about
 * failures. Many who ask for one clinic at once cause one look-up; what a look-up brings is not kept if the clinic
 * changed while it was under way.
 *
 * While the central database cannot be asked, nobody can change a clinic there either: those that are known go on being
 * served for `outageMs`, and once a second it is asked again. That this process alone is cut off from it cannot be told
 * from here, which is why there is an end to it.
 */
export class ClinicDirectory {
  readonly #options: ClinicDirectoryOptions;
  readonly #entries = new Map<string, Entry>(); // insertion order is recency
  readonly #ids = new Map<string, string>();
  readonly #loading = new Map<string, Loading>();
  #hearing = false;
  /** When changes were last heard: what was known then was true. */
  #heardAt = -Infinity;
  /** When the central database could not be asked, the last time; `undefined` since it could. */
  #outageAt: number | undefined;

  constructor(options: ClinicDirectoryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  byId(id: string): Promise<Clinic | undefined> {
    return this.#find(`id:${id}`, id, () => this.#options.source.byId(id));
  }

  bySlug(slug: string): Promise<Clinic | undefined> {
    return this.#find(
      `slug:${slug}`,
      this.#ids.get(slug),
      () => this.#options.source.bySlug(slug),
    );
  }

  /** A change of this clinic was announced. */
  drop(id: string): void {
    for (const loading of this.#loading.values()) loading.dropped.add(id);
    const known = this.#entries.get(id);
    this.#remove(id);
    if (known) this.#options.onChanged(known.clinic.id);
  }

  /** Changes can be heard from now on; what was loaded before may have missed some. */
  startHearing(): void {
    this.#hearing = true;
    this.dropAll();
  }

  /** Changes cannot be heard any more: until they can, entries are believed for one second only. */
  stopHearing(): void {
    if (this.#hearing) this.#heardAt = this.#options.clock();
    this.#hearing = false;
  }

  dropAll(): void {
    for (const loading of this.#loading.values()) loading.droppedAll = true;
    for (const id of [...this.#entries.keys()]) this.#remove(id);
  }

  async #find(
    key: string,
    id: string | undefined,
    load: () => Promise<Clinic | undefined>,
  ): Promise<Clinic | undefined> {
    const entry = id === undefined ? undefined : this.#entries.get(id);
    if (entry && this.#isFresh(entry)) {
      this.#entries.delete(entry.clinic.id);
      this.#entries.set(entry.clinic.id, entry);
      return entry.clinic;
    }
    const looking = this.#loading.get(key)?.result;
    if (entry && this.#isBelieved(entry) && this.#outageAt !== undefined) {
      if (!looking && this.#mayAskAgain()) {
        this.#load(key, load).catch(() => {});
      }
      return entry.clinic;
    }
    try {
      return await (looking ?? this.#load(key, load));
    } catch (error) {
      // What was dropped meanwhile has changed, and is believed no more.
      const known = id === undefined ? undefined : this.#entries.get(id);
      if (this.#outageAt === undefined || !known || !this.#isBelieved(known)) {
        throw error;
      }
      return known.clinic;
    }
  }

  #load(
    key: string,
    load: () => Promise<Clinic | undefined>,
  ): Promise<Clinic | undefined> {
    const started = Promise.withResolvers<Clinic | undefined>();
    const loading: Loading = {
      result: started.promise,
      dropped: new Set(),
      droppedAll: false,
    };
    this.#loading.set(key, loading);
    this.#loadUnchanged(loading, load)
      .finally(() => this.#loading.delete(key))
      .then(started.resolve, started.reject);
    return started.promise;
  }

  async #loadUnchanged(
    loading: Loading,
    load: () => Promise<Clinic | undefined>,
  ): Promise<Clinic | undefined> {
    let clinic: Clinic | undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      loading.dropped.clear();
      loading.droppedAll = false;
      const loadedAt = this.#options.clock();
      clinic = await this.#ask(load);
      if (!clinic) return undefined;
      // A change came in between: what was read may be the state before it.
      if (loading.droppedAll || loading.dropped.has(clinic.id)) continue;
      return this.#keep({ clinic, loadedAt });
    }
    return clinic;
  }

  async #ask(
    load: () => Promise<Clinic | undefined>,
  ): Promise<Clinic | undefined> {
    try {
      const clinic = await withTimeLimit(load(), LOOK_UP_MS, noAnswer);
      this.#outageAt = undefined;
      return clinic;
    } catch (error) {
      this.#outageAt = isOutage(error) ? this.#options.clock() : undefined;
      throw error;
    }
  }

  /** The clinic to use: the one that was known before, if nothing about it has changed. */
  #keep({ clinic: loaded, loadedAt }: Entry): Clinic {
    const { id, slug, revision } = loaded;
    const known = this.#entries.get(id)?.clinic;
    // The same object goes on standing for it, and with it what hangs on it, such as its pool.
    const clinic = known?.revision === revision ? known : loaded;
    if (known && known !== clinic) {
      this.#remove(id);
      this.#options.onChanged(id);
    }
    this.#entries.delete(id);
    this.#entries.set(id, { clinic, loadedAt });
    this.#ids.set(slug, id);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#options.maxEntries) break;
      this.#remove(oldest);
    }
    return clinic;
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#ids.delete(entry.clinic.slug);
  }

  /** Whether it may be used while nobody can be asked. */
  #isBelieved({ loadedAt }: Entry): boolean {
    const { clock, outageMs } = this.#options;
    return clock() - Math.max(loadedAt, this.#heardAt) < outageMs;
  }

  #mayAskAgain(): boolean {
    const now = this.#options.clock();
    if (now - this.#outageAt! < DEAF_LIFETIME_MS) return false;
    this.#outageAt = now;
    return true;
  }

  #isFresh(entry: Entry): boolean {
    return this.#hearing ||
      this.#options.clock() - entry.loadedAt < DEAF_LIFETIME_MS;
  }
}

function isOutage(error: unknown): boolean {
  // Where nothing is answered, those who wait for an answer are too many in the end.
  if (error instanceof AppError) return error.code === "service-unavailable";
  return error instanceof DatabaseError &&
    (error.failure === "unavailable" || error.failure === "timeout");
}

function noAnswer(): DatabaseError {
  return new DatabaseError("unavailable", "Cannot look up clinic: no answer");
}
