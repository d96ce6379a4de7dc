import type { ReadTrail } from "../audit/read_trail.ts";
import type { TrailActor } from "../kernel/actor.ts";
import type { RequestOrigin } from "../kernel/audit_event.ts";
import type { Clinic } from "./clinic.ts";
import {
  type ClinicDb,
  openClinicDb,
  readClinic,
  type ReadTx,
} from "./clinic_db.ts";
import type { ClinicDirectory } from "./directory/clinic_directory.ts";
import { requireSupported } from "./fleet/supported_schema.ts";
import type { OutboxRelays } from "./outbox_relays.ts";
import type { ClinicPools } from "./pools/clinic_pools.ts";
import type { StaffStates } from "./staff_states.ts";

export interface ClinicGateOptions {
  readonly directory: ClinicDirectory;
  readonly pools: ClinicPools;
  readonly trail: ReadTrail;
  readonly relays: OutboxRelays;
  readonly staff: StaffStates;
}

/**
 * The way into a clinic for somebody who has no access token: to log in, to go on with a session, to follow a link
 * that was mailed.
 */
export class ClinicGate {
  readonly #options: ClinicGateOptions;

  constructor(options: ClinicGateOptions) {
    this.#options = options;
  }

  find(slug: string): Promise<Clinic | undefined> {
    return this.#options.directory.bySlug(slug);
  }

  /** The clinic that a refresh token, or the token of a link, says it is of. */
  findById(id: string): Promise<Clinic | undefined> {
    return this.#options.directory.byId(id);
  }

  /** Reads what is needed to check who somebody is. */
  async read<T>(clinic: Clinic, fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    requireSupported(clinic.schema);
    return await readClinic(this.#options.pools, clinic, fn);
  }

  /** Lets in somebody who was checked. */
  enter(clinic: Clinic, actor: TrailActor, origin: RequestOrigin): ClinicDb {
    const { pools, trail, relays, staff } = this.#options;
    return openClinicDb({
      clinic,
      pools,
      trail,
      relays,
      actor,
      origin,
      onAccessChanged: (id) => staff.changed(id),
    });
  }
}
