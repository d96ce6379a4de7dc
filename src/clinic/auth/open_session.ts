import { type ClinicToken, newClinicToken } from "../../crypto/clinic_token.ts";
import type { AccessTokens } from "../../http/access_tokens.ts";
import type { RequestOrigin } from "../../kernel/audit_event.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import { type SessionId, type StaffId, uuidv7 } from "../../kernel/ids.ts";
import { permissionsOf, type StaffRole } from "../../kernel/permissions.ts";
import type { Clinic } from "../../tenancy/clinic.ts";
import type { WriteTx } from "../../tenancy/clinic_db.ts";
import type { ClinicGate } from "../../tenancy/clinic_gate.ts";
import { insertRefreshToken, insertSession } from "./queries.ts";
import type { SessionTokens } from "./schemas.ts";

/** Who goes on with which session. */
export interface SessionHolder {
  readonly staffId: StaffId;
  readonly sessionId: SessionId;
  readonly role: StaffRole;
}

export interface OpenSessionOptions {
  readonly gate: ClinicGate;
  readonly tokens: AccessTokens;
  readonly clinic: Clinic;
  readonly account: { readonly id: string; readonly role: StaffRole };
  readonly origin: RequestOrigin;
  /** What else is stored when somebody logs in, in the same transaction. */
  readonly also?: (tx: WriteTx) => Promise<void>;
}

/** Opens a session for somebody whose log-in was checked. */
export async function openSession(
  options: OpenSessionOptions,
): Promise<SessionTokens> {
  const { gate, tokens, clinic, account, origin, also } = options;
  const holder: SessionHolder = {
    staffId: account.id as StaffId,
    sessionId: uuidv7() as SessionId,
    role: account.role,
  };
  const refreshToken = newClinicToken(clinic.id);
  const db = gate.enter(clinic, actorOf(clinic, holder), origin);
  const { sessionSeconds } = tokens;
  await db.write(async (tx) => {
    await also?.(tx);
    await Promise.all([
      insertSession(tx, {
        id: holder.sessionId,
        staffId: holder.staffId,
        seconds: sessionSeconds,
        address: origin.address,
      }),
      insertRefreshToken(tx, refreshToken.hash, holder.sessionId),
    ]);
    return tx.audit(
      { action: "session.open", entityId: holder.sessionId },
      undefined,
    );
  });
  return await sessionTokens(
    { tokens, clinic },
    holder,
    refreshToken,
    sessionSeconds,
  );
}

/** What a client goes on with. */
export async function sessionTokens(
  { tokens, clinic }: Pick<OpenSessionOptions, "tokens" | "clinic">,
  holder: SessionHolder,
  refreshToken: ClinicToken,
  secondsLeft: number,
): Promise<SessionTokens> {
  const access = await tokens.issue(clinic, { ...holder, secondsLeft });
  return {
    accessToken: access.token,
    tokenType: "Bearer",
    expiresIn: access.expiresIn,
    refreshToken: refreshToken.token,
    sessionExpiresIn: secondsLeft,
  };
}

export function actorOf(clinic: Clinic, holder: SessionHolder): StaffActor {
  return {
    kind: "staff",
    clinicId: clinic.id,
    ...holder,
    permissions: permissionsOf(holder.role),
  };
}
