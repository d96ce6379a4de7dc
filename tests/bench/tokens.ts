import { AccessTokens } from "../../src/http/access_tokens.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { ClinicDirectory } from "../../src/tenancy/directory/clinic_directory.ts";
import type { Seat } from "./fleet.ts";

const LIFETIME_SECONDS = 600;

/** Access tokens as a log-in gives them, each signed with its clinic's own key. */
export async function mintTokens(
  seats: readonly Seat[],
  issuer: string,
): Promise<string[]> {
  const clinics = new Map(
    seats.map(({ clinic }) => [clinic.id as string, clinic]),
  );
  const directory = new ClinicDirectory({
    source: {
      byId: (id) => Promise.resolve(clinics.get(id)),
      bySlug: () => Promise.resolve(undefined),
    },
    clock: systemClock,
    maxEntries: seats.length,
    outageMs: 0,
    onChanged: () => {},
  });
  const tokens = new AccessTokens({
    directory,
    issuer,
    lifetimeSeconds: LIFETIME_SECONDS,
    clock: systemClock,
    newId: uuidv7,
  });
  return await Promise.all(seats.map(async ({ clinic, staffId, sessionId }) => {
    const session = {
      staffId,
      sessionId,
      role: "physician" as const,
      secondsLeft: LIFETIME_SECONDS,
    };
    return (await tokens.issue(clinic, session)).token;
  }));
}
