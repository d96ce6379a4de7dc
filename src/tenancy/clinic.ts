import type { TokenPublicJwk } from "../crypto/token_keys.ts";
import type { ClinicVault } from "../crypto/clinic_vault.ts";
import type { ConnectionTarget } from "../db/driver.ts";
import type { CellId, ClinicId } from "../kernel/ids.ts";
import type { ClinicSchema } from "./fleet/supported_schema.ts";

export const CLINIC_STATES = [
  "provisioning",
  "active",
  "suspended",
  "migrating",
  "moving",
  "closing",
  "closed",
] as const;

export type ClinicState = typeof CLINIC_STATES[number];

/** A clinic as an API process knows it: where its database is, and its opened secrets. */
export interface Clinic {
  readonly id: ClinicId;
  /** Changes with everything that the registry holds of the clinic. */
  readonly revision: string;
  readonly slug: string;
  readonly name: string;
  readonly state: ClinicState;
  readonly schema: ClinicSchema;
  readonly timeZone: string;
  readonly cell: CellId;
  /** Its database through its cell's pooler, as its own role. */
  readonly target: ConnectionTarget;
  readonly vault: ClinicVault;
  /** Keys that verify its tokens, by number; during a rotation there are two. */
  readonly tokenKeys: ReadonlyMap<number, CryptoKey>;
  /** The same keys as others may have them: public members only (RFC 7517). */
  readonly publicJwks: readonly TokenPublicJwk[];
  readonly signingKey: { readonly number: number; readonly key: CryptoKey };
}
