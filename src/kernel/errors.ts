/**
 * The closed list of what can go wrong, without HTTP. `http/problem.ts` gives each code its status and title.
 */
export const ERROR_CODES = [
  "authentication-required",
  "invalid-token",
  "invalid-credentials",
  "second-factor-required",
  "enrolment-required",
  "permission-denied",
  "care-team-required",
  "processing-restricted",
  "clinic-mismatch",
  "clinic-suspended",
  "clinic-unavailable",
  "clinic-in-maintenance",
  "not-found",
  "invalid-link",
  "method-not-allowed",
  "not-acceptable",
  "unsupported-media-type",
  "malformed-request",
  "invalid-request",
  "invalid-cursor",
  "body-too-large",
  "body-timeout",
  "uri-too-long",
  "headers-too-large",
  "conflict",
  "duplicate",
  "invalid-transition",
  "document-issued",
  "billing-identity-missing",
  "reflection-period",
  "credit-exceeds-remaining",
  "payment-exceeds-due",
  "booking-conflict",
  "outside-hours",
  "outside-opening-hours",
  "legal-hold",
  "own-account",
  "last-admin",
  "last-owner",
  "idempotency-key-reused",
  "idempotency-in-flight",
  "precondition-required",
  "precondition-failed",
  "too-many-requests",
  "service-unavailable",
  "request-timeout",
  "internal-error",
] as const;

export type ErrorCode = typeof ERROR_CODES[number];

/** One thing that is wrong with a request; the rejected value is never repeated. */
export interface Violation {
  /** JSON Pointer fragment into the body (RFC 6901), e.g. `#/givenNames`. */
  readonly pointer?: string;
  /** Name of the query, path or header parameter. */
  readonly parameter?: string;
  readonly code: string;
  readonly detail: string;
}

/** What a failure is about, where that is more than the client has shown to know. */
export interface ErrorSubject {
  /** Absent where it is about the platform. */
  readonly clinicId?: string | undefined;
  readonly entityId?: string | undefined;
}

export interface AppErrorOptions {
  /** What the log reads; never sent to the client. */
  readonly cause?: unknown;
  readonly violations?: readonly Violation[];
  /** Seconds, at least 1; sent as `Retry-After` (RFC 9110 section 10.2.3). */
  readonly retryAfter?: number;
  /** Puts it on the trail, where its code alone would not. */
  readonly refusal?: boolean;
  /** Whom it concerns, for the trail; never sent to the client. */
  readonly about?: ErrorSubject;
  /** Further public members of the problem: ids and names that the caller may know. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** A failure that is expected: `detail` is written for the client, `cause` for the log. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly violations: readonly Violation[] | undefined;
  readonly retryAfter: number | undefined;
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
  readonly about: ErrorSubject | undefined;
  readonly refusal: boolean;

  constructor(code: ErrorCode, detail: string, options: AppErrorOptions = {}) {
    super(
      detail,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.violations = options.violations;
    this.retryAfter = options.retryAfter;
    this.extensions = options.extensions;
    this.about = options.about;
    this.refusal = options.refusal ?? false;
  }
}
