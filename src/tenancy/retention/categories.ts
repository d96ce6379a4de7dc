/** What a clinic has of which it may have too much. As `remove_due` of the clinic's database knows them. */
export const CATEGORIES = [
  "sessions",
  "links",
  "repeated-answers",
  "events",
  "invoices",
  "patients-without-activity",
  "patient-files",
] as const;

export type Category = typeof CATEGORIES[number];

/** What the platform has of which it may have too much. */
export type PlatformCategory =
  | "trail"
  | "log-in-counters"
  | "platform-sessions"
  | "operations"
  | "backups";

/** How long each is kept, and on what ground. */
export const GROUNDS: Readonly<Record<Category | PlatformCategory, string>> = {
  sessions: "1 year after their end (CNIL 2021-122)",
  links: "30 days after they run out",
  "repeated-answers": "until they run out",
  events: "as long as the trail, which has a copy",
  invoices: "10 years after the business year (C. com. L123-22)",
  "patients-without-activity": "3 years after the last contact (CNIL)",
  "patient-files":
    "20 years after the last visit, 28th birthday, 10 years after death (CSP R1112-7)",
  trail: "CLOISON_AUDIT_KEEP_MONTHS (CSP L1142-28; CNIL 2021-122)",
  "log-in-counters": "until their window is over",
  "platform-sessions": "1 year after their end (CNIL 2021-122)",
  operations: "5 years after their end (C. civ. 2224)",
  backups: "CLOISON_CLOSE_BACKUP_DAYS",
};
