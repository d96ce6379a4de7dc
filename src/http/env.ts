import type { ClinicTrail } from "../audit/trail_reader.ts";
import type { ClinicVault } from "../crypto/clinic_vault.ts";
import type { PlatformActor, StaffActor } from "../kernel/actor.ts";
import type { RequestOrigin } from "../kernel/audit_event.ts";
import type { CentralDb } from "../tenancy/central_db.ts";
import type { ClinicDb } from "../tenancy/clinic_db.ts";
import type { RateState } from "./limits/rate_policy.ts";

/** What every handler has. */
export interface RequestVariables {
  origin: RequestOrigin;
  /** W3C trace id. */
  traceId: string;
  /** Aborted when the client goes away or the time is up; its reason is what to throw. */
  signal: AbortSignal;
  /** How long the body may take to arrive. */
  bodyMilliseconds: number;
  /** How far the caller is from the limits that the request was counted against. */
  rates?: readonly RateState[];
  /** Methods of the path, when it does not have the one that was asked for. */
  allow?: string;
}

/** What a handler of a clinic route may touch: its own clinic, as the person who asks. */
export interface ClinicVariables extends RequestVariables {
  actor: StaffActor;
  clinic: ClinicDb;
  vault: ClinicVault;
  /** What is written of the clinic. */
  trail: ClinicTrail;
  clinicInfo: ClinicInfo;
  /** Called when the request was answered, and what it changed is committed or undone. */
  afterwards?: () => void;
  /** What a refusal leaves behind although an idempotent request undoes all that it did. */
  leftByRefusal?: (clinic: ClinicDb) => Promise<void>;
}

/** What people of a clinic may know of its entry in the registry. */
export interface ClinicInfo {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly timeZone: string;
}

/** What a handler of a platform route may touch: the central database, and no clinic's. */
export interface PlatformVariables extends RequestVariables {
  actor: PlatformActor;
  central: CentralDb;
  /** Of the platform: no clinic's values open with it. */
  vault: ClinicVault;
}

export type PublicEnv = { Variables: RequestVariables };
export type ClinicEnv = { Variables: ClinicVariables };
export type PlatformEnv = { Variables: PlatformVariables };
