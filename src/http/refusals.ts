import type { Context } from "hono";
import { routePath } from "hono/route";
import type { RefusalTrail } from "../audit/refusal_trail.ts";
import type { AppError, ErrorCode } from "../kernel/errors.ts";
import { isUuid } from "../kernel/ids.ts";
import type { ClinicEnv, PlatformEnv, PublicEnv } from "./env.ts";

/** What is refused to somebody, rather than to a request that is malformed or late. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  "authentication-required",
  "invalid-token",
  "invalid-credentials",
  "second-factor-required",
  "enrolment-required",
  "invalid-link",
  "permission-denied",
  "care-team-required",
  "clinic-mismatch",
  "clinic-suspended",
  "own-account",
  "last-admin",
  "too-many-requests",
]);

/** Puts a refusal on the trail: who asked is not let in, may not do this, or asked for what is not there. */
export function noteRefusal(
  trail: RefusalTrail,
  c: Context<PublicEnv>,
  failure: AppError,
): void {
  const { actor } = (c as unknown as Context<ClinicEnv | PlatformEnv>).var;
  const id = c.req.param("id");
  // Somebody who is known and asks for an id that is not there: perhaps it is another clinic's.
  const isProbe = failure.code === "not-found" && actor !== undefined &&
    id !== undefined;
  if (!isProbe && !failure.refusal && !REFUSALS.has(failure.code)) return;
  trail.note({
    actor,
    clinicId: failure.about?.clinicId,
    entityId: failure.about?.entityId ??
      (id !== undefined && isUuid(id) ? id : undefined),
    operation: `${c.req.method} ${routePath(c, -1)}`.slice(0, 200),
    reason: failure.code,
    origin: c.var.origin,
  });
}
