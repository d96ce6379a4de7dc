/** Every permission that a platform route can ask for. None of them opens a clinic's data. */
export const PLATFORM_PERMISSIONS = [
  "platform.clinics.view",
  "platform.clinics.manage",
  "platform.clinics.close",
  "platform.cells.view",
  "platform.cells.manage",
  "platform.operations.view",
  "platform.operations.manage",
  "platform.audit.view",
  "platform.breaches.view",
  "platform.breaches.manage",
  "platform.users.view",
  "platform.users.manage",
] as const;

export type PlatformPermission = typeof PLATFORM_PERMISSIONS[number];

export const PLATFORM_ROLES = ["owner", "operator", "auditor"] as const;

export type PlatformRole = typeof PLATFORM_ROLES[number];

const VIEW: readonly PlatformPermission[] = [
  "platform.clinics.view",
  "platform.cells.view",
  "platform.operations.view",
  "platform.breaches.view",
];

const BY_ROLE: Readonly<
  Record<PlatformRole, ReadonlySet<PlatformPermission>>
> = {
  owner: new Set(PLATFORM_PERMISSIONS),
  operator: new Set([
    ...VIEW,
    "platform.clinics.manage",
    "platform.cells.manage",
    "platform.operations.manage",
    "platform.breaches.manage",
  ]),
  auditor: new Set([...VIEW, "platform.audit.view", "platform.users.view"]),
};

export function platformPermissionsOf(
  role: PlatformRole,
): ReadonlySet<PlatformPermission> {
  return BY_ROLE[role];
}

export function isPlatformRole(text: string): text is PlatformRole {
  return (PLATFORM_ROLES as readonly string[]).includes(text);
}
