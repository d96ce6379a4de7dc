import {
  type ClinicToken,
  clinicTokenOf,
  parseClinicToken,
} from "../../crypto/clinic_token.ts";
import { TokenError } from "../../crypto/errors.ts";
import { invalidToken } from "../../http/access_tokens.ts";
import { requireOpen } from "../../http/guard.ts";
import { judgeRefresh, type RefreshVerdict } from "../../http/refresh_rules.ts";
import type { RequestOrigin } from "../../kernel/audit_event.ts";
import type { SessionId, StaffId } from "../../kernel/ids.ts";
import type { Clinic } from "../../tenancy/clinic.ts";
import type { ClinicDb } from "../../tenancy/clinic_db.ts";
import type { LoginDependencies } from "./login.ts";
import { actorOf, type SessionHolder, sessionTokens } from "./open_session.ts";
import {
  findRefreshToken,
  lockRefreshToken,
  type RefreshRow,
  revokeSession,
  rotateRefreshToken,
} from "./queries.ts";
import type { SessionTokens } from "./schemas.ts";

type Dependencies = Pick<LoginDependencies, "gate" | "tokens">;

/** A refresh token that its clinic knows. */
interface KnownToken {
  readonly clinic: Clinic;
  readonly hash: Uint8Array;
  readonly successor: ClinicToken;
  readonly row: RefreshRow;
}

/**
 * Exchanges a refresh token for its successor and a new access token. A token that was exchanged before ends the
 * session, with all its tokens.
 * @throws {AppError} `invalid-token`, the same whatever is wrong
 */
export async function refresh(
  { gate, tokens }: Dependencies,
  text: string,
  origin: RequestOrigin,
): Promise<SessionTokens> {
  const known = await find(gate, text);
  if (!known) throw invalidToken();
  const { clinic, successor } = known;
  requireOpen(clinic);
  const db = gate.enter(clinic, actorOf(clinic, holderOf(known.row)), origin);
  const { verdict, row } = await exchange(db, known);
  if (verdict === "reused") throw invalidToken();
  return await sessionTokens(
    { tokens, clinic },
    holderOf(row),
    successor,
    row.seconds_left,
  );
}

/** Ends the session of a refresh token; does nothing when there is none, or it is over. */
export async function logOut(
  { gate }: Dependencies,
  text: string,
  origin: RequestOrigin,
): Promise<void> {
  const known = await find(gate, text);
  if (!known?.row.alive) return;
  const { clinic } = known;
  // Out of a suspended clinic one may always go.
  if (clinic.state !== "suspended") requireOpen(clinic);
  const holder = holderOf(known.row);
  await gate.enter(clinic, actorOf(clinic, holder), origin).write(
    async (tx) => {
      await revokeSession(tx, holder.sessionId);
      return tx.audit(
        { action: "session.close", entityId: holder.sessionId },
        undefined,
      );
    },
  );
}

async function find(
  gate: Dependencies["gate"],
  text: string,
): Promise<KnownToken | undefined> {
  const token = parse(text);
  const clinic = token && await gate.findById(token.clinicId);
  if (!clinic) return undefined;
  const { hash } = token;
  // Made of the token and a key of the clinic: whoever repeats the exchange gets the same, and nothing has to be kept.
  const successor = clinicTokenOf(
    clinic.id,
    clinic.vault.blindIndex("refresh-token.successor", text),
  );
  const row = await gate.read(
    clinic,
    (tx) => findRefreshToken(tx, hash, successor.hash),
  );
  return row && { clinic, hash, successor, row };
}

function holderOf(row: RefreshRow): SessionHolder {
  return {
    staffId: row.staff_id as StaffId,
    sessionId: row.session_id as SessionId,
    role: row.role,
  };
}

async function exchange(
  db: ClinicDb,
  { hash, successor }: KnownToken,
): Promise<{ verdict: RefreshVerdict; row: RefreshRow }> {
  return await db.write(async (tx) => {
    const locked = lockRefreshToken(tx, hash);
    const [row] = await Promise.all([
      // A statement of its own, behind the lock: it sees what the one before us did.
      findRefreshToken(tx, hash, successor.hash),
      locked,
    ]);
    const verdict = row ? judgeRefresh(row) : "over";
    if (!row || verdict === "over") throw invalidToken();
    if (verdict === "rotate") {
      await rotateRefreshToken(tx, row, hash, successor.hash);
    }
    if (verdict === "reused") await revokeSession(tx, row.session_id);
    return tx.audit({
      action: verdict === "reused" ? "session.reuse" : "session.refresh",
      entityId: row.session_id,
    }, { verdict, row });
  });
}

function parse(text: string): ReturnType<typeof parseClinicToken> | undefined {
  try {
    return parseClinicToken(text);
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}
