import { AppError, type Violation } from "../../kernel/errors.ts";
import { hasVatKey, isIban, isSiret } from "../../kernel/check_digits.ts";
import { fromHoursRows } from "../../http/weekly_hours.ts";
import type { SettingsColumns, SettingsRow } from "./queries.ts";
import type {
  BillingIdentityPatch,
  ClinicSettings,
  ClinicSettingsPatch,
} from "./schemas.ts";

/** The columns that a client's members stand for; a member that is absent is a column that is not touched. */
export function toSettingsColumns(patch: ClinicSettingsPatch): SettingsColumns {
  const { billing = {} } = patch;
  return {
    time_zone: patch.timeZone,
    locale: patch.locale,
    currency: patch.currency,
    slot_step_minutes: patch.slotStepMinutes,
    legal_name: billing.legalName,
    legal_form: billing.legalForm,
    share_capital_cents: billing.shareCapitalCents,
    trade_register: billing.tradeRegister,
    document_mention: billing.documentMention,
    siret: billing.siret,
    vat_number: billing.vatNumber,
    address_line1: billing.addressLine1,
    address_line2: billing.addressLine2,
    postal_code: billing.postalCode,
    city: billing.city,
    country_code: billing.countryCode,
    email: billing.email,
    phone: billing.phone,
    iban: billing.iban,
    bic: billing.bic,
  };
}

/** Member by member: a new column never leaks. */
export function toSettings(row: SettingsRow): ClinicSettings {
  return {
    timeZone: row.time_zone,
    locale: row.locale,
    currency: row.currency,
    slotStepMinutes: row.slot_step_minutes,
    openingHours: fromHoursRows(row.hours),
    billing: {
      legalName: row.legal_name,
      legalForm: row.legal_form,
      shareCapitalCents: row.share_capital_cents,
      tradeRegister: row.trade_register,
      documentMention: row.document_mention,
      siret: row.siret,
      vatNumber: row.vat_number,
      addressLine1: row.address_line1,
      addressLine2: row.address_line2,
      postalCode: row.postal_code,
      city: row.city,
      countryCode: row.country_code,
      email: row.email,
      phone: row.phone,
      iban: row.iban,
      bic: row.bic,
    },
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

const CHECKS: readonly [
  keyof BillingIdentityPatch,
  isRight: (value: string) => boolean,
  code: string,
  detail: string,
][] = [
  ["siret", isSiret, "siret-key", "has a wrong check digit"],
  ["vatNumber", hasVatKey, "vat-key", "has a wrong key"],
  ["iban", isIban, "iban-key", "has wrong check digits"],
];

/**
 * Requires right check digits: one that is wrong is a number that was mistyped, and would stand on every invoice.
 * @throws {AppError} `invalid-request`
 */
export function requireCheckDigits(billing: BillingIdentityPatch): void {
  const violations = CHECKS.flatMap(
    ([member, isRight, code, detail]): Violation[] => {
      const value = billing[member];
      return typeof value === "string" && !isRight(value)
        ? [{ pointer: `#/billing/${member}`, code, detail }]
        : [];
    },
  );
  if (violations.length === 0) return;
  throw new AppError("invalid-request", "The request is not valid", {
    violations,
  });
}

/** Names of the members that a change touches, such as `billing.siret`. */
export function changedFields(patch: ClinicSettingsPatch): string[] {
  return Object.entries(patch).flatMap(([name, value]) =>
    typeof value === "object" && value !== null
      ? Object.keys(value).map((inner) => `${name}.${inner}`)
      : [name]
  ).sort();
}
