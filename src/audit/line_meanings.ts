import type { AuditAction } from "../kernel/audit_event.ts";

/** What is written of patients. */
export const PATIENT_CATEGORIES = [
  "identity",
  "contact",
  "insurance",
  "appointments",
  "health-records",
  "prescriptions",
  "billing",
  "consents",
  "care-team",
  "accesses",
] as const;

/** Kinds of data, as a notification under article 33 of the GDPR names them. */
export const DATA_CATEGORIES = [
  ...PATIENT_CATEGORIES,
  "staff",
  "credentials",
] as const;

export type DataCategory = typeof DATA_CATEGORIES[number];

/** `exported`: left as a file. */
export const DATA_ACCESSES = ["read", "changed", "exported"] as const;

export type DataAccess = typeof DATA_ACCESSES[number];

/** What somebody had before them who did this. */
export interface LineMeaning {
  readonly access: DataAccess;
  /** None: no personal data of anybody. */
  readonly categories: readonly DataCategory[];
  /** Shows files of other patients too than the one that the line names. */
  readonly othersToo?: true;
}

const NOTHING = read();
/** The file itself: who somebody is, how they are reached, and who pays. */
const FILE = ["identity", "contact", "insurance"] as const;
const BILL = ["identity", "contact", "billing"] as const;

/** A line for each action there is, so that no new one goes uncounted. An answer to a change shows what was changed. */
export const LINE_MEANINGS: Readonly<Record<AuditAction, LineMeaning>> = {
  "request.refuse": NOTHING,
  "session.open": NOTHING,
  "session.refresh": NOTHING,
  "session.close": NOTHING,
  "session.revoke": NOTHING,
  "session.reuse": NOTHING,
  "password.change": changed("credentials"),
  "password.request-reset": NOTHING,
  "password.reset": changed("credentials"),
  "second-factor.enrol": changed("credentials"),
  "second-factor.confirm": changed("credentials"),
  "second-factor.renew": changed("credentials"),
  "second-factor.disable": changed("credentials"),
  "second-factor.fail": NOTHING,
  "staff.invite": changed("staff", "credentials"),
  "staff.accept": changed("credentials"),
  "staff.change": changed("staff"),
  "staff.suspend": changed("staff"),
  "staff.reactivate": changed("staff"),
  "staff.remove": changed("staff"),
  "staff.clear-second-factor": changed("credentials"),
  "patient.create": changed(...FILE),
  "patient.view": read(...FILE),
  "patient.list": read(...FILE),
  "patient.search": read(...FILE),
  "patient.change": changed(...FILE),
  "patient.archive": changed(...FILE),
  "patient.restore": changed(...FILE),
  "patient.list-duplicates": { ...read(...FILE), othersToo: true },
  "patient.merge": changed(...FILE),
  "patient.separate": changed(...FILE),
  // Gone: nobody saw it, and nothing is left to tell of.
  "patient.expire": NOTHING,
  "patient.timeline": read(
    "appointments",
    "health-records",
    "prescriptions",
    "billing",
    "consents",
  ),
  "retention.expire": NOTHING,
  // Of the file they tell that it is there, and why something was placed on it.
  "patient.plan-erasure": read("identity"),
  "patient.erase": changed(...PATIENT_CATEGORIES),
  "patient.view-restriction": read("identity"),
  "patient.restrict": changed("identity"),
  "patient.lift-restriction": changed("identity"),
  "patient.view-hold": read("identity"),
  "patient.hold": changed("identity"),
  "patient.lift-hold": changed("identity"),
  "erasure.view": NOTHING,
  "erasure.list": NOTHING,
  "audit.list": read("accesses"),
  "audit.export": exported("accesses"),
  "audit.expire": NOTHING,
  "settings.change": NOTHING,
  "closed-day.create": NOTHING,
  "closed-day.change": NOTHING,
  "closed-day.remove": NOTHING,
  "practitioner.create": changed("staff"),
  "practitioner.change": changed("staff"),
  "practitioner.archive": changed("staff"),
  "practitioner.restore": changed("staff"),
  "availability.change": NOTHING,
  "appointment-type.create": NOTHING,
  "appointment-type.change": NOTHING,
  "resource.create": NOTHING,
  "resource.change": NOTHING,
  "appointment.book": changed("appointments"),
  "appointment.view": read("appointments"),
  "appointment.list": read("appointments"),
  "appointment.change": changed("appointments"),
  "appointment.confirm": changed("appointments"),
  "appointment.start": changed("appointments"),
  "appointment.complete": changed("appointments"),
  "appointment.cancel": changed("appointments"),
  "appointment.no-show": changed("appointments"),
  "appointment-group.view": read("appointments"),
  "catalogue-item.create": NOTHING,
  "catalogue-item.change": NOTHING,
  "catalogue-item.archive": NOTHING,
  "catalogue-item.restore": NOTHING,
  "document.create": changed(...BILL),
  "document.view": read(...BILL),
  "document.list": read(...BILL),
  "document.change": changed(...BILL),
  "document.duplicate": changed(...BILL),
  "document.delete": changed(...BILL),
  "document.issue": changed(...BILL),
  "document.accept": changed(...BILL),
  "document.reject": changed(...BILL),
  "document.convert": changed(...BILL),
  "document.render": exported(...BILL),
  "accounting.view": read(...BILL),
  "payment.create": changed("billing"),
  "payment.view": read("billing"),
  "payment.list": read("billing"),
  "consent-template.create": NOTHING,
  "consent-template.change": NOTHING,
  "consent-template.publish": NOTHING,
  "consent-template.archive": NOTHING,
  "consent-template.restore": NOTHING,
  "consent.request": changed("consents"),
  "consent.view": read("consents"),
  "consent.list": read("consents"),
  "consent.send-link": changed("contact", "consents"),
  "consent.open-link": read("consents"),
  "consent.sign": changed("consents"),
  "consent.refuse": changed("consents"),
  "consent.withdraw": changed("consents"),
  "consent.export-evidence": exported("identity", "consents"),
  "care-team.view": read("care-team"),
  "care-team.add": changed("care-team"),
  "care-team.remove": changed("care-team"),
  "emergency-access.open": changed("care-team"),
  "emergency-access.view": read("care-team"),
  "emergency-access.list": read("care-team"),
  "record.create": changed("health-records"),
  "record.view": read("health-records"),
  "record.list": read("health-records"),
  "record.change": changed("health-records"),
  "record.sign": changed("health-records"),
  "record.amend": changed("health-records"),
  "record.archive": changed("health-records"),
  "record.restore": changed("health-records"),
  "medical-summary.view": read("health-records"),
  "medical-summary.list": read("health-records"),
  "medical-summary.change": changed("health-records"),
  "prescription.create": changed("prescriptions"),
  "prescription.view": read("prescriptions"),
  "prescription.list": read("prescriptions"),
  "prescription.change": changed("prescriptions"),
  "prescription.finalise": changed("prescriptions"),
  "prescription.cancel": changed("prescriptions"),
  "breach.query": read("accesses"),
  "breach.open": NOTHING,
  "breach.notify": NOTHING,
  "breach.close": NOTHING,
  "export.request": NOTHING,
  "export.view": NOTHING,
  "export.list": NOTHING,
  "export.make": exported(...PATIENT_CATEGORIES),
  "export.fail": NOTHING,
  "export.send-link": changed("contact"),
  "export.fetch": exported(...PATIENT_CATEGORIES),
  "export.cancel": NOTHING,
  "platform-session.open": NOTHING,
  "platform-session.refresh": NOTHING,
  "platform-session.close": NOTHING,
  "platform-session.revoke": NOTHING,
  "platform-session.reuse": NOTHING,
  "platform-password.change": NOTHING,
  "platform-second-factor.enrol": NOTHING,
  "platform-second-factor.confirm": NOTHING,
  "platform-second-factor.renew": NOTHING,
  "platform-second-factor.fail": NOTHING,
  "platform-second-factor.clear": NOTHING,
  "platform-user.create": NOTHING,
  "platform-user.change": NOTHING,
  "platform-user.suspend": NOTHING,
  "platform-user.reactivate": NOTHING,
  "platform-audit.list": NOTHING,
  "clinic.request-create": NOTHING,
  "clinic.request-suspend": NOTHING,
  "clinic.request-resume": NOTHING,
  "clinic.request-retention": NOTHING,
  "clinic.request-rotate": NOTHING,
  "clinic.request-migrate": NOTHING,
  "clinic.confirm-close": NOTHING,
  "clinic.request-close": NOTHING,
  "clinic.change": NOTHING,
  "clinic.create": NOTHING,
  "clinic.discard": NOTHING,
  "clinic.suspend": NOTHING,
  "clinic.resume": NOTHING,
  "clinic.maintain": NOTHING,
  "clinic.close": NOTHING,
  "clinic.purge": NOTHING,
  "clinic.back-up": NOTHING,
  // Unlike a backup, it can be read by whoever has the folder.
  "clinic.export": exported(...DATA_CATEGORIES),
  "clinic.restore": NOTHING,
  "erasure.open": read("identity", "contact", "billing"),
  "fleet.request-migrate": NOTHING,
  "cell.change": NOTHING,
  "operation.cancel": NOTHING,
  "operation.retry": NOTHING,
  "operation.succeed": NOTHING,
  "operation.fail": NOTHING,
};

function read(...categories: DataCategory[]): LineMeaning {
  return { access: "read", categories };
}

function changed(...categories: DataCategory[]): LineMeaning {
  return { access: "changed", categories };
}

function exported(...categories: DataCategory[]): LineMeaning {
  return { access: "exported", categories };
}
