import { sql } from "../../../db/sql.ts";
import type { ReadTx, WriteTx } from "../../../tenancy/clinic_db.ts";
import type { LinkPurpose } from "./schemas.ts";

export interface LinkRow {
  readonly consent_id: string;
  readonly patient_id: string;
  readonly purpose: LinkPurpose;
  readonly expires_at: string;
}

/** A link that can be followed now. */
export function findLink(
  tx: ReadTx,
  hash: Uint8Array,
): Promise<LinkRow | undefined> {
  return tx.row(sql`
    select l.consent_id, c.patient_id, l.purpose, l.expires_at
    from consent_links l join consents c on c.id = l.consent_id
      join patients p on p.id = c.patient_id and p.restricted_at is null
    where l.hash = ${hash} and l.used_at is null and l.expires_at > now()
      and c.state = case l.purpose when 'answer' then 'pending' else 'signed' end`);
}

/** Uses a link up. @returns false when it was used up before, or is too old by now */
export async function useLink(
  tx: WriteTx,
  hash: Uint8Array,
  purpose: LinkPurpose,
): Promise<boolean> {
  const used = await tx.rows(sql`update consent_links set used_at = now()
    where hash = ${hash} and purpose = ${purpose} and used_at is null
      and expires_at > now()
    returning consent_id`);
  return used.length > 0;
}

/** @returns until when it can be followed */
export async function insertLink(
  tx: WriteTx,
  link: {
    readonly hash: Uint8Array;
    readonly consentId: string;
    readonly purpose: LinkPurpose;
    readonly hours: number;
  },
): Promise<string> {
  const { hash, consentId, purpose, hours } = link;
  const row = await tx.row<{ expires_at: string }>(sql`
    insert into consent_links (hash, consent_id, purpose, expires_at)
    values (${hash}, ${consentId}, ${purpose},
      now() + make_interval(hours => ${hours}))
    returning expires_at`);
  return row!.expires_at;
}

export async function countLinks(
  tx: ReadTx,
  consentId: string,
): Promise<number> {
  const row = await tx.row<{ count: number }>(sql`
    select count(*)::integer as count from consent_links
    where consent_id = ${consentId}`);
  return row!.count;
}
