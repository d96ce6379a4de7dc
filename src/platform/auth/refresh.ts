import { TokenError } from "../../crypto/errors.ts";
import {
  hashOpaqueToken,
  type OpaqueToken,
} from "../../crypto/opaque_token.ts";
import { invalidToken } from "../../http/access_tokens.ts";
import { judgeRefresh, type RefreshVerdict } from "../../http/refresh_rules.ts";
import type { RequestOrigin } from "../../kernel/audit_event.ts";
import type { PlatformUserId, SessionId } from "../../kernel/ids.ts";
import { type CentralDb, readCentral } from "../../tenancy/central_db.ts";
import type { PlatformDependencies } from "../dependencies.ts";
import { enter, PREFIX, sessionTokens } from "./open_session.ts";
import type { PlatformSessionTokens } from "./schemas.ts";
import {
  findRefreshToken,
  lockRefreshToken,
  type RefreshRow,
  revokeSession,
  rotateRefreshToken,
} from "./session_queries.ts";

type Dependencies = Pick<PlatformDependencies, "central" | "keys" | "tokens">;

/**
 * Exchanges a refresh token for its successor and a new access token. A token that was exchanged before ends the
 * session, with all its tokens.
 * @throws {AppError} `invalid-token`, the same whatever is wrong
 */
export async function refresh(
  dependencies: Dependencies,
  text: string,
  origin: RequestOrigin,
): Promise<PlatformSessionTokens> {
  const known = await find(dependencies, text);
  if (!known) throw invalidToken();
  const { user_id, session_id, role } = known.row;
  const user = { id: user_id, role };
  const db = await enter(dependencies, user, session_id, origin);
  const { verdict, row } = await exchange(db, known);
  if (verdict === "reused") {
    throw invalidToken(undefined, { entityId: user_id });
  }
  const claims = {
    userId: row.user_id as PlatformUserId,
    sessionId: row.session_id as SessionId,
    role: row.role,
  };
  const { tokens } = dependencies;
  return await sessionTokens(
    tokens,
    claims,
    known.successor,
    row.seconds_left,
  );
}

/** Ends the session of a refresh token; does nothing when there is none, or it is over. */
export async function logOut(
  dependencies: Dependencies,
  text: string,
  origin: RequestOrigin,
): Promise<void> {
  const known = await find(dependencies, text);
  if (!known?.row.alive) return;
  const { user_id, session_id, role } = known.row;
  const user = { id: user_id, role };
  const db = await enter(dependencies, user, session_id, origin);
  await db.write(async (tx) => {
    await revokeSession(tx, user_id, session_id);
    return tx.audit(
      { action: "platform-session.close", entityId: session_id },
      undefined,
    );
  });
}

/** A refresh token that the platform knows. */
interface KnownToken {
  readonly hash: Uint8Array;
  readonly successor: OpaqueToken;
  readonly row: RefreshRow;
}

async function find(
  { central, keys }: Dependencies,
  text: string,
): Promise<KnownToken | undefined> {
  const hash = hashOf(text.slice(PREFIX.length));
  if (!hash || !text.startsWith(PREFIX)) return undefined;
  const { vault } = await keys.current();
  // Made of the token and a key of the platform: whoever repeats the exchange gets the same, and nothing has to be kept.
  const token = vault.blindIndex("refresh-token.successor", text)
    .toBase64({ alphabet: "base64url", omitPadding: true });
  const successor = { token, hash: hashOpaqueToken(token) };
  const row = await readCentral(
    central,
    (tx) => findRefreshToken(tx, hash, successor.hash),
  );
  return row && { hash, successor, row };
}

async function exchange(
  db: CentralDb,
  { hash, successor }: KnownToken,
): Promise<{ verdict: RefreshVerdict; row: RefreshRow }> {
  return await db.write(async (tx) => {
    await lockRefreshToken(tx, hash);
    // Behind the lock: it sees what the one before us did.
    const row = await findRefreshToken(tx, hash, successor.hash);
    const verdict = row ? judgeRefresh(row) : "over";
    if (!row || verdict === "over") throw invalidToken();
    if (verdict === "rotate") {
      await rotateRefreshToken(tx, row, hash, successor.hash);
    }
    if (verdict === "reused") {
      await revokeSession(tx, row.user_id, row.session_id);
    }
    return tx.audit({
      action: verdict === "reused"
        ? "platform-session.reuse"
        : "platform-session.refresh",
      entityId: row.session_id,
    }, { verdict, row });
  });
}

function hashOf(secret: string): Uint8Array | undefined {
  try {
    return hashOpaqueToken(secret);
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}
