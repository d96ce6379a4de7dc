import { v7 } from "uuid";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type ClinicId = Branded<"clinic">;
export type CellId = Branded<"cell">;
export type StaffId = Branded<"staff">;
export type SessionId = Branded<"session">;
export type PatientId = Branded<"patient">;
export type PlatformUserId = Branded<"platform-user">;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Makes ids that sort by time (RFC 9562, version 7). Passed in, so that tests can choose them. */
export type NewId = () => string;

export function uuidv7(): string {
  return v7();
}

/** When an id of version 7 was made, to the millisecond: RFC 3339 in UTC. */
export function madeAt(id: string): string {
  return new Date(parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString();
}

/** Whether `text` is a UUID in the lower-case form that this API writes. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * The name of a clinic's database, and of the one role that may open it.
 * Opaque on purpose: every role can list the names of all databases of its cluster.
 */
export function clinicDatabaseName(id: ClinicId): string {
  return `cloison_clinic_${id.replaceAll("-", "")}`;
}
