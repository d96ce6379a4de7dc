import type { KeyProvider } from "../../crypto/key_provider.ts";
import { AppError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Clinic } from "../clinic.ts";
import type { ClinicSource } from "./clinic_directory.ts";
import type { ClinicRegistry, RegistryRow } from "./clinic_registry.ts";
import { openClinic, type OpenClinicOptions } from "./clinic_secrets.ts";

/** The registry's clinics, opened with the keys of the cells that this process serves. */
export class SealedClinics implements ClinicSource {
  readonly #registry: ClinicRegistry;
  readonly #cellKeys: ReadonlyMap<string, KeyProvider>;
  readonly #log: Logger;
  readonly #options: OpenClinicOptions;

  constructor(
    registry: ClinicRegistry,
    cellKeys: ReadonlyMap<string, KeyProvider>,
    log: Logger,
    options: OpenClinicOptions = {},
  ) {
    this.#registry = registry;
    this.#cellKeys = cellKeys;
    this.#log = log;
    this.#options = options;
  }

  async byId(id: string): Promise<Clinic | undefined> {
    return await this.#open(await this.#registry.byId(id));
  }

  async bySlug(slug: string): Promise<Clinic | undefined> {
    return await this.#open(await this.#registry.bySlug(slug));
  }

  async #open(row: RegistryRow | undefined): Promise<Clinic | undefined> {
    if (!row) return undefined;
    const keys = this.#cellKeys.get(row.cell_name);
    // A clinic of a cell that this process does not serve is, here, no clinic at all.
    if (!keys) return undefined;
    try {
      return await openClinic(row, keys, this.#options);
    } catch (error) {
      this.#log.error("clinic.secrets_unreadable", error, {
        clinicId: row.id,
        alert: true,
      });
      throw new AppError("clinic-unavailable", "The clinic cannot be opened", {
        cause: error,
        retryAfter: 30,
      });
    }
  }
}
