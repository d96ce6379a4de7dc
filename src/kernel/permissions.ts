/** Every permission that a clinic route can ask for. A route that names none is refused when it is declared. */
export const PERMISSIONS = [
  "patients.view",
  "patients.create",
  "patients.edit",
  "patients.archive",
  "patients.merge",
  "staff.view",
  "staff.manage",
  "audit.view",
  "settings.view",
  "settings.edit",
  "practitioners.view",
  "practitioners.edit",
  "availability.edit",
  "appointments.view",
  "appointments.edit",
  "appointments.outside_hours",
  "catalogue.view",
  "catalogue.edit",
  "documents.view",
  "documents.edit",
  "documents.issue",
  "payments.edit",
  "patients.view_all",
  "patients.view_team",
  "patients.manage_team",
  "consents.view",
  "consents.request",
  "consents.sign",
  "consents.withdraw",
  "consents.templates.view",
  "consents.templates.manage",
  "records.view",
  "records.edit",
  "records.sign",
  "prescriptions.view",
  "prescriptions.edit",
  "privacy.breach",
  "privacy.export",
  "privacy.view",
  "privacy.erase",
  "privacy.restrict",
  "privacy.hold",
] as const;

export type Permission = typeof PERMISSIONS[number];

export const STAFF_ROLES = [
  "admin",
  "physician",
  "practitioner",
  "nurse",
  "secretary",
  "readonly",
] as const;

export type StaffRole = typeof STAFF_ROLES[number];

const VIEW: readonly Permission[] = [
  "patients.view",
  "staff.view",
  "settings.view",
  "practitioners.view",
  "appointments.view",
  "catalogue.view",
];
const CARE: readonly Permission[] = [
  ...VIEW,
  "patients.edit",
  "appointments.edit",
];
const DESK: readonly Permission[] = [
  ...CARE,
  "patients.create",
  "appointments.outside_hours",
];
const ALL: readonly Permission[] = PERMISSIONS;

/** Quotes and invoices: what is prepared by who treats, and issued and cashed at the desk. */
const BILLING: readonly Permission[] = ["documents.view", "documents.edit"];

/** What those who care for patients, or make it possible, need of consents and care teams. */
const CONSENTS: readonly Permission[] = [
  "consents.view",
  "consents.withdraw",
  "consents.templates.view",
  "patients.view_team",
];
/** Clinical text; and what only who treats can attest. Administering a clinic needs none of it. */
const CLINICAL: readonly Permission[] = [
  "records.view",
  "records.edit",
  "prescriptions.view",
];
const MEDICAL: readonly Permission[] = [
  ...CLINICAL,
  "records.sign",
  "prescriptions.edit",
  "consents.sign",
];

const BY_ROLE: Readonly<Record<StaffRole, ReadonlySet<Permission>>> = {
  admin: new Set(ALL.filter((each) => !MEDICAL.includes(each))),
  physician: new Set([
    ...DESK,
    ...CONSENTS,
    ...MEDICAL,
    ...BILLING,
    "consents.request",
    "patients.view_all",
    "patients.merge",
    "patients.manage_team",
    "availability.edit",
  ]),
  practitioner: new Set([
    ...CARE,
    ...CONSENTS,
    ...CLINICAL,
    "records.sign",
  ]),
  nurse: new Set([...CARE, ...CONSENTS, ...CLINICAL]),
  secretary: new Set([
    ...DESK,
    ...CONSENTS,
    ...BILLING,
    "documents.issue",
    "payments.edit",
    "patients.archive",
    "patients.merge",
    "patients.view_all",
    "consents.request",
    "availability.edit",
  ]),
  readonly: new Set([...VIEW, "documents.view"]),
};

/** What a role may do. Roles are fixed: nobody can raise their own rights by editing one. */
export function permissionsOf(role: StaffRole): ReadonlySet<Permission> {
  return BY_ROLE[role];
}

export function isStaffRole(text: string): text is StaffRole {
  return (STAFF_ROLES as readonly string[]).includes(text);
}
