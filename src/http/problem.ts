import { DatabaseError } from "../db/errors.ts";
import { AppError, type ErrorCode, type Violation } from "../kernel/errors.ts";
import { HTTPException } from "hono/http-exception";

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** What a developer reads on `/problems/<code>`. */
  readonly explanation: string;
}

/** Every code, once: its status, its title, and what to do about it. */
export const PROBLEMS: Readonly<Record<ErrorCode, ProblemKind>> = {
  "authentication-required": {
    status: 401,
    title: "Authentication required",
    explanation:
      "Send an access token in the Authorization header: `Authorization: Bearer <token>`. A token comes from `POST /v1/auth/login`.",
  },
  "invalid-token": {
    status: 401,
    title: "Invalid access token",
    explanation:
      "The token is malformed, expired, revoked or not meant for this API. Log in again. Which of these it is, is not said.",
  },
  "invalid-credentials": {
    status: 401,
    title: "Invalid credentials",
    explanation:
      "Clinic, e-mail address and password do not fit together. Which of them is wrong is not said.",
  },
  "second-factor-required": {
    status: 401,
    title: "Second factor required",
    explanation:
      "The password is right, and the account needs a code as well: log in again with `code`, six digits of the authenticator app that were not used before, or a recovery code. The answer is the same when a code was sent and is wrong. After five wrong codes, those of the app are refused for 30 seconds, then longer; a recovery code still works.",
  },
  "enrolment-required": {
    status: 401,
    title: "Enrolment required",
    explanation:
      "The password is right, and the account has no authenticator app yet: nobody works on the platform without one. Set one up with `POST /v1/platform/auth/enrol`, then log in with a code of it.",
  },
  "permission-denied": {
    status: 403,
    title: "Permission denied",
    explanation:
      "Your role does not have the permission that the member `permission` names. An admin of the clinic can change your role.",
  },
  "care-team-required": {
    status: 403,
    title: "Not in the care team",
    explanation:
      "You see what tells of the health of your own patients, and are not in the care team of this one. An admin or a physician can add you to it (`addCareTeamMember`). In an emergency, `openEmergencyAccess` opens the file for a while; that is recorded, with the reason that you give.",
  },
  "processing-restricted": {
    status: 403,
    title: "Processing restricted",
    explanation:
      "Processing of the person's data is restricted (GDPR art. 18): they are stored and nothing else. Who has the permission `privacy.view` can read them; nobody changes them until the restriction is lifted (`liftRestriction`).",
  },
  "clinic-mismatch": {
    status: 403,
    title: "Another clinic was named",
    explanation:
      "The clinic of a request comes from its access token alone. Remove the other clinic's id from the header, the query or the body, or log in to that clinic.",
  },
  "clinic-suspended": {
    status: 403,
    title: "Clinic suspended",
    explanation:
      "The clinic is suspended: nothing is lost, and nobody can work in it until the platform resumes it.",
  },
  "clinic-unavailable": {
    status: 503,
    title: "Clinic unavailable",
    explanation:
      "The clinic's database cannot be reached at the moment. Other clinics are not affected. Try again after `Retry-After` seconds.",
  },
  "clinic-in-maintenance": {
    status: 503,
    title: "Clinic in maintenance",
    explanation:
      "The clinic is being set up, migrated or moved. Try again after `Retry-After` seconds.",
  },
  "not-found": {
    status: 404,
    title: "Not found",
    explanation:
      "There is no such resource in your clinic, or no such path in this API.",
  },
  "invalid-link": {
    status: 404,
    title: "Invalid link",
    explanation:
      "The token of the link is unknown, was used before, is too old, or was made void by a newer one. Which of these it is, is not said. Ask for a new link.",
  },
  "method-not-allowed": {
    status: 405,
    title: "Method not allowed",
    explanation:
      "The path exists, this method on it does not. `Allow` lists the ones that do.",
  },
  "not-acceptable": {
    status: 406,
    title: "Not acceptable",
    explanation:
      "An operation answers in the media type that the document lists for its success, mostly `application/json`, and `Accept` does not allow it. Problems are `application/problem+json` whatever `Accept` says.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "Unsupported media type",
    explanation:
      "Send the body in a media type that the operation lists, in UTF-8 and without Content-Encoding. PATCH takes `application/merge-patch+json` (RFC 7396).",
  },
  "malformed-request": {
    status: 400,
    title: "Malformed request",
    explanation:
      "The body is missing, or is not well-formed JSON in UTF-8 (RFC 8259), or has the same member twice; or `Host` names no host.",
  },
  "invalid-request": {
    status: 422,
    title: "Invalid request",
    explanation:
      "The request is well-formed, and something in it is not allowed. `errors` lists every violation: `pointer` is a JSON Pointer into the body, `parameter` names a query, path or header parameter. Unknown members and parameters are refused.",
  },
  "invalid-cursor": {
    status: 400,
    title: "Invalid cursor",
    explanation:
      "A cursor can only be used in the clinic that made it, with the same sort order and the same filters. Start again without a cursor.",
  },
  "body-too-large": {
    status: 413,
    title: "Body too large",
    explanation: "A body may have at most 1 MiB (1,048,576 bytes).",
  },
  "body-timeout": {
    status: 408,
    title: "Body too slow",
    explanation:
      "The body did not arrive in time. Nothing was done: send the request again.",
  },
  "uri-too-long": {
    status: 414,
    title: "URI too long",
    explanation: "A URI may have at most 8,192 characters.",
  },
  "headers-too-large": {
    status: 431,
    title: "Request headers too large",
    explanation:
      "The header fields of a request may have at most 16 KiB together.",
  },
  "conflict": {
    status: 409,
    title: "Conflict",
    explanation:
      "The request contradicts the present state of the data. Read it again, then decide.",
  },
  "duplicate": {
    status: 409,
    title: "Duplicate",
    explanation:
      "Something that must be unique exists already. The member `candidate` gives the id of the one that exists.",
  },
  "invalid-transition": {
    status: 409,
    title: "Transition not allowed",
    explanation:
      "The resource cannot go from the state that it is in to the one that was asked for. `state` names the state that it is in, `allowed` the states that it can go to from there; none, when it is final.",
  },
  "booking-conflict": {
    status: 409,
    title: "Already taken",
    explanation:
      "The practitioner, a room or a machine is taken at that time. `conflicts` names the appointments that are in the way, and what each of them takes; it is empty when two appointments of the request are in each other's way, or when the time has become free again since. Choose another time.",
  },
  "outside-hours": {
    status: 409,
    title: "Outside the hours",
    explanation:
      "The practitioner does not work at that time, or the clinic is closed. Choose another time; who has the permission `appointments.outside_hours` may book it all the same, with `outsideHours: true`.",
  },
  "document-issued": {
    status: 409,
    title: "Document issued",
    explanation:
      "An issued document is what the other side has in hand: nobody changes or removes it. Correct an invoice with a credit note, and make a new one.",
  },
  "billing-identity-missing": {
    status: 409,
    title: "Billing identity missing",
    explanation:
      "A quote or an invoice names who bills. An admin must first fill in the clinic's legal name, SIRET and address in its settings, and the VAT number where VAT is billed.",
  },
  "reflection-period": {
    status: 409,
    title: "Time to think it over",
    explanation:
      "Between the quote for an act without therapeutic purpose of EUR 300 or more, and the patient's word, the law wants 15 days. `acceptableFrom` is the first day on which the quote can be accepted.",
  },
  "credit-exceeds-remaining": {
    status: 409,
    title: "Credit exceeds the invoice",
    explanation:
      "All credit notes of an invoice together cannot be more than it, as a whole and at each VAT rate. `mostCents` is what remains to be credited.",
  },
  "payment-exceeds-due": {
    status: 409,
    title: "Payment exceeds what is due",
    explanation:
      "Nobody pays more than what is due, or gets back more than what was paid. `mostCents` is the most that can be recorded.",
  },
  "outside-opening-hours": {
    status: 409,
    title: "Outside the opening hours",
    explanation:
      "Some of the hours are hours in which the clinic is closed. Change the clinic's opening hours first, or give other hours.",
  },
  "legal-hold": {
    status: 409,
    title: "Legal hold",
    explanation:
      "The file is under a legal hold: nothing of it is erased until it is lifted (`liftLegalHold`).",
  },
  "own-account": {
    status: 409,
    title: "Your own account",
    explanation:
      "In a clinic, nobody changes their own role or suspends or removes themselves; on the platform, nobody suspends themselves or clears their own authenticator app. Ask another admin of the clinic, or another owner of the platform.",
  },
  "last-admin": {
    status: 409,
    title: "Last admin",
    explanation:
      "The clinic would be left without an active admin. Make somebody else an admin first.",
  },
  "last-owner": {
    status: 409,
    title: "Last owner",
    explanation:
      "The platform would be left without an active owner. Make somebody else an owner first.",
  },
  "idempotency-key-reused": {
    status: 422,
    title: "Idempotency key reused",
    explanation:
      "The `Idempotency-Key` was used before, for another request. Nothing was done. A key belongs to one request: make a new one (a random UUID, say) for each, and send the same one only to repeat exactly that request.",
  },
  "idempotency-in-flight": {
    status: 409,
    title: "Request still under way",
    explanation:
      "A request with this `Idempotency-Key` is being worked on. Try again after `Retry-After` seconds: the answer is then the one of the first request.",
  },
  "precondition-required": {
    status: 428,
    title: "Precondition required",
    explanation:
      "Send `If-Match` with the `ETag` that you read, so that nobody's change is overwritten unseen.",
  },
  "precondition-failed": {
    status: 412,
    title: "Precondition failed",
    explanation:
      "The resource changed after you read it. Read it again, then decide.",
  },
  "too-many-requests": {
    status: 429,
    title: "Too many requests",
    explanation:
      "Slow down: try again after `Retry-After` seconds. `violatedPolicies` names the limits that were reached; `RateLimit-Policy` tells how many requests (`q`) they allow in how many seconds (`w`), `RateLimit` how many are left (`r`) until they start again (`t` seconds).",
  },
  "service-unavailable": {
    status: 503,
    title: "Service unavailable",
    explanation:
      "The service cannot answer at the moment. Try again after `Retry-After` seconds.",
  },
  "request-timeout": {
    status: 503,
    title: "Request timed out",
    explanation:
      "The request took too long and was stopped. Try again after `Retry-After` seconds; with an `Idempotency-Key`, nothing can happen twice.",
  },
  "internal-error": {
    status: 500,
    title: "Internal error",
    explanation:
      "Something went wrong that should not. Tell us the request id: `instance` holds it.",
  },
};

/** An RFC 9457 problem. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** `urn:request:<id>`: what to quote when asking about it. */
  readonly instance: string;
  readonly errors?: readonly Violation[];
}

export interface ProblemContext {
  readonly requestId: string;
  readonly method: string;
  /** Methods that the path has, where that was the question. */
  readonly allow: string | undefined;
  /** The bearer of this token was refused; without one, no `error` attribute is sent (RFC 6750 section 3.1). */
  readonly hadToken: boolean;
}

/** The one way from a failure to a response. */
export function problemResponse(
  error: AppError,
  context: ProblemContext,
): Response {
  const { status, title } = PROBLEMS[error.code];
  const problem: Problem = {
    type: `/problems/${error.code}`,
    title,
    status,
    detail: error.message,
    instance: `urn:request:${context.requestId}`,
    ...(error.violations ? { errors: error.violations } : {}),
    ...error.extensions,
  };
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (error.retryAfter !== undefined) {
    headers.set(
      "retry-after",
      String(Math.max(1, Math.ceil(error.retryAfter))),
    );
  }
  for (const [name, value] of advice(error, context)) headers.set(name, value);
  return new Response(JSON.stringify(problem), { status, headers });
}

/** What RFC 9110 and RFC 6750 want to see beside the status. */
function* advice(
  error: AppError,
  context: ProblemContext,
): Generator<[name: string, value: string]> {
  const challenge = 'Bearer realm="cloison"';
  switch (error.code) {
    case "authentication-required":
    case "invalid-token":
    case "invalid-credentials":
    case "second-factor-required":
    case "enrolment-required":
      yield [
        "www-authenticate",
        context.hadToken ? `${challenge}, error="invalid_token"` : challenge,
      ];
      return;
    case "permission-denied":
      yield ["www-authenticate", `${challenge}, error="insufficient_scope"`];
      return;
    case "method-not-allowed":
      yield ["allow", context.allow ?? ""];
      return;
    case "unsupported-media-type":
      // RFC 5789 section 3.1; Accept-Post is of the Linked Data Platform, section 7.1.
      yield [
        context.method === "PATCH" ? "accept-patch" : "accept-post",
        listed(error.extensions?.accepted),
      ];
  }
}

function listed(items: unknown): string {
  return Array.isArray(items) ? items.join(", ") : "";
}

/** What any thrown value is to the client. Whatever is not expected is an internal error, and says nothing. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof HTTPException && error.status === 400) {
    return new AppError("malformed-request", "The body is not valid JSON", {
      cause: error,
    });
  }
  if (error instanceof DatabaseError && isPassing(error)) {
    return new AppError(
      "service-unavailable",
      "The service cannot answer at the moment",
      { cause: error, retryAfter: 2 },
    );
  }
  return new AppError("internal-error", "Something went wrong", {
    cause: error,
  });
}

function isPassing(error: DatabaseError): boolean {
  return error.failure === "unavailable" || error.failure === "refused" ||
    error.failure === "timeout";
}
