import type { MiddlewareHandler } from "hono";
import { type AccessTokens, invalidToken } from "./access_tokens.ts";
import type { ReadTrail } from "../audit/read_trail.ts";
import type { ClinicTrail } from "../audit/trail_reader.ts";
import { AppError } from "../kernel/errors.ts";
import type { Clinic } from "../tenancy/clinic.ts";
import { openClinicDb } from "../tenancy/clinic_db.ts";
import { requireSupported } from "../tenancy/fleet/supported_schema.ts";
import type { OutboxRelays } from "../tenancy/outbox_relays.ts";
import type { ClinicPools } from "../tenancy/pools/clinic_pools.ts";
import type { StaffStates } from "../tenancy/staff_states.ts";
import type { ClinicEnv } from "./env.ts";
import { Bulkheads, DEFAULT_BULKHEADS } from "./limits/bulkheads.ts";
import type { RateLimits } from "./limits/rate_limits.ts";
import { requireWithin } from "./limits/rate_policy.ts";

export interface GuardOptions {
  readonly tokens: AccessTokens;
  readonly pools: ClinicPools;
  readonly trail: ReadTrail;
  readonly relays: OutboxRelays;
  readonly trailOf: (clinicId: string) => ClinicTrail;
  readonly staff: StaffStates;
  readonly limits: RateLimits;
  /** Told of every request that was let in, when it was answered. */
  readonly onServed: (clinic: Clinic) => void;
}

/**
 * Stands before every clinic route: who asks, in which clinic, and that clinic's database.
 * The clinic comes from the verified token alone.
 */
export function clinicGuard(
  options: GuardOptions,
): MiddlewareHandler<ClinicEnv> {
  const { tokens, pools, trail, relays, trailOf, staff, limits, onServed } =
    options;
  const bulkheads = new Bulkheads(DEFAULT_BULKHEADS);
  return async (c, next) => {
    const token = bearerToken(c.req.header("authorization"));
    const { actor, clinic, issuedAt } = await tokens.verify(token);
    const rates = limits.take(actor);
    c.set("rates", rates);
    requireWithin(rates);
    requireOpen(clinic);
    if (!await staff.holds(clinic, { ...actor, issuedAt })) {
      const about = { clinicId: clinic.id, entityId: actor.staffId };
      throw invalidToken(undefined, about);
    }
    c.set("actor", actor);
    refuseOtherClinic(c.req.header("x-clinic-id"), clinic);
    refuseOtherClinic(c.req.query("clinicId"), clinic);
    c.set("vault", clinic.vault);
    c.set("trail", trailOf(clinic.id));
    const { id, slug, name, timeZone } = clinic;
    c.set("clinicInfo", { id, slug, name, timeZone });
    c.set(
      "clinic",
      openClinicDb({
        clinic,
        actor,
        pools,
        trail,
        relays,
        origin: c.get("origin"),
        onAccessChanged: (id) => staff.changed(id),
        signal: c.get("signal"),
      }),
    );
    await bulkheads.run(clinic.id, c.get("signal"), next);
    c.get("afterwards")?.();
    onServed(clinic);
  };
}

/** @throws {AppError} unless people may work in the clinic now. */
export function requireOpen(clinic: Clinic): void {
  switch (clinic.state) {
    case "active":
      return requireSupported(clinic.schema);
    case "suspended":
    case "closing":
      throw new AppError("clinic-suspended", "The clinic is suspended");
    default:
      throw new AppError(
        "clinic-in-maintenance",
        "The clinic is in maintenance",
        { retryAfter: 5 },
      );
  }
}

/** @throws {AppError} when a client names a clinic and it is not the one of its token. */
export function refuseOtherClinic(
  named: unknown,
  clinic: { id: string },
): void {
  if (named === undefined || named === clinic.id) return;
  throw new AppError(
    "clinic-mismatch",
    "The request names another clinic than the access token",
  );
}

/** @throws {AppError} `authentication-required`, `invalid-token` */
export function bearerToken(header: string | undefined): string {
  const match = /^Bearer ([^\s,]+)$/i.exec(header ?? "");
  if (match) return match[1]!;
  throw header === undefined
    ? new AppError("authentication-required", "An access token is required")
    : invalidToken();
}
