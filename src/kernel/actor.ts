import type {
  ClinicId,
  PatientId,
  PlatformUserId,
  SessionId,
  StaffId,
} from "./ids.ts";
import type { Permission, StaffRole } from "./permissions.ts";
import type {
  PlatformPermission,
  PlatformRole,
} from "./platform_permissions.ts";

/** Whom a trail names: one member of a clinic's staff, or a patient who follows a link. */
export interface TrailActor {
  readonly clinicId: ClinicId;
  /** Of a patient, the id of the file. */
  readonly staffId: StaffId | PatientId;
  /** Null for who has none, and asks for a mailed link or follows one. */
  readonly sessionId: SessionId | null;
  readonly role: StaffRole | "patient";
}

/** Who acts in a clinic: one member of its staff, in one session. */
export interface StaffActor extends TrailActor {
  readonly kind: "staff";
  readonly staffId: StaffId;
  readonly role: StaffRole;
  readonly sessionId: SessionId;
  readonly permissions: ReadonlySet<Permission>;
}

/** One of the people who run the platform, as its trail names them. */
export interface PlatformTrailActor {
  readonly userId: PlatformUserId;
  /** Null for who is not logged in yet. */
  readonly sessionId: SessionId | null;
  readonly role: PlatformRole;
}

/** Who acts on the platform, in one session; in no clinic. */
export interface PlatformActor extends PlatformTrailActor {
  readonly kind: "platform";
  readonly sessionId: SessionId;
  readonly permissions: ReadonlySet<PlatformPermission>;
}
