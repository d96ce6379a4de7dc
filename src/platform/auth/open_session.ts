import { newOpaqueToken, type OpaqueToken } from "../../crypto/opaque_token.ts";
import type { RequestOrigin } from "../../kernel/audit_event.ts";
import {
  type PlatformUserId,
  type SessionId,
  uuidv7,
} from "../../kernel/ids.ts";
import type { PlatformRole } from "../../kernel/platform_permissions.ts";
import {
  type CentralDb,
  type CentralWriteTx,
  openCentralDb,
} from "../../tenancy/central_db.ts";
import type { PlatformDependencies } from "../dependencies.ts";
import type { PlatformClaims } from "../tokens.ts";
import type { PlatformSessionTokens } from "./schemas.ts";
import { insertRefreshToken, insertSession } from "./session_queries.ts";

type Dependencies = Pick<PlatformDependencies, "central" | "keys" | "tokens">;

/** Before the secret: no clinic's token begins like this, and no clinic's database is asked for it. */
export const PREFIX = "platform.";

/** The database, as somebody who has shown who they are, and has no access token at hand. */
export async function enter(
  { central, keys }: Pick<Dependencies, "central" | "keys">,
  user: { readonly id: string; readonly role: PlatformRole },
  sessionId: string | null,
  origin: RequestOrigin,
): Promise<CentralDb> {
  const { vault } = await keys.current();
  const actor = {
    userId: user.id as PlatformUserId,
    sessionId: sessionId as SessionId | null,
    role: user.role,
  };
  return openCentralDb({ central, vault, actor, origin });
}

/**
 * Opens a session for somebody whose log-in was checked.
 * @param also what else is stored, in the same transaction
 */
export async function openSession<T extends object>(
  dependencies: Dependencies,
  user: { readonly id: string; readonly role: PlatformRole },
  origin: RequestOrigin,
  also: (tx: CentralWriteTx, sessionId: string) => Promise<T>,
): Promise<PlatformSessionTokens & T> {
  const { tokens } = dependencies;
  const sessionId = uuidv7() as SessionId;
  const refreshToken = newOpaqueToken();
  const seconds = tokens.sessionSeconds;
  const db = await enter(dependencies, user, sessionId, origin);
  const more = await db.write(async (tx) => {
    await insertSession(tx, {
      id: sessionId,
      userId: user.id,
      seconds,
      address: origin.address,
    });
    await insertRefreshToken(tx, refreshToken.hash, sessionId);
    const more = await also(tx, sessionId);
    return tx.audit(
      { action: "platform-session.open", entityId: sessionId },
      more,
    );
  });
  const claims = {
    userId: user.id as PlatformUserId,
    sessionId,
    role: user.role,
  };
  const issued = await sessionTokens(tokens, claims, refreshToken, seconds);
  return { ...issued, ...more };
}

/** What a client goes on with. */
export async function sessionTokens(
  tokens: PlatformDependencies["tokens"],
  claims: PlatformClaims,
  refreshToken: OpaqueToken,
  secondsLeft: number,
): Promise<PlatformSessionTokens> {
  const access = await tokens.issue(claims, secondsLeft);
  return {
    accessToken: access.token,
    tokenType: "Bearer",
    expiresIn: access.expiresIn,
    refreshToken: PREFIX + refreshToken.token,
    sessionExpiresIn: secondsLeft,
  };
}
