import { joinSql, type Sql, sql } from "../../../db/sql.ts";
import type { PageWindow } from "../../../http/pages.ts";
import type { StaffActor } from "../../../kernel/actor.ts";
import type { Permission } from "../../../kernel/permissions.ts";
import type { ReadTx } from "../../../tenancy/clinic_db.ts";
import { mayOpenFile } from "../../../tenancy/file_access.ts";
import type { TimelineKind } from "./schemas.ts";

export interface TimelineRow {
  readonly kind: TimelineKind;
  readonly id: string;
  readonly at: string;
  readonly state: string;
  readonly patient_id: string;
}

/** One table that has a part in timelines. */
interface Source {
  readonly kinds: readonly TimelineKind[];
  readonly permission: Permission;
  /** Whether the rule of the care team holds for it. */
  readonly ofCare: boolean;
  /** With `kind`, `id`, `at`, `state` and `patient_id`, of every patient: the planner moves the condition inside. */
  readonly rows: Sql;
}

const SOURCES: readonly Source[] = [
  {
    kinds: ["appointment"],
    permission: "appointments.view",
    ofCare: false,
    rows:
      sql`select 'appointment' as kind, id, lower(period) as at, state, patient_id from appointments`,
  },
  {
    kinds: ["quote", "invoice", "credit_note"],
    permission: "documents.view",
    ofCare: false,
    rows:
      sql`select kind, id, coalesce(issued_at, created_at) as at, state, patient_id from documents`,
  },
  {
    kinds: ["payment"],
    permission: "documents.view",
    ofCare: false,
    rows:
      sql`select 'payment' as kind, payments.id, payments.created_at as at, payments.kind as state, patient_id
      from payments join documents on documents.id = invoice_id`,
  },
  {
    kinds: ["consent"],
    permission: "consents.view",
    ofCare: true,
    rows:
      sql`select 'consent' as kind, id, created_at as at, state, patient_id from consents`,
  },
  {
    kinds: ["record"],
    permission: "records.view",
    ofCare: true,
    rows:
      sql`select 'record' as kind, id, created_at as at, state, patient_id from records`,
  },
  {
    kinds: ["prescription"],
    permission: "prescriptions.view",
    ofCare: true,
    rows:
      sql`select 'prescription' as kind, id, created_at as at, state, patient_id from prescriptions`,
  },
];

/** What somebody may see of a file and of those merged into it, the latest first, in one query. */
export async function readTimeline(
  tx: ReadTx,
  actor: StaffActor,
  patientId: string,
  kind: TimelineKind | undefined,
  window: PageWindow,
): Promise<TimelineRow[]> {
  const shown = SOURCES.filter(({ kinds, permission }) =>
    actor.permissions.has(permission) &&
    (kind === undefined || kinds.includes(kind))
  );
  if (shown.length === 0) return [];
  const arms = shown.map((source) => armOf(source, actor, kind, window));
  return await tx.rows(sql`
    with file as (select file_ids(${patientId}) as ids)
    select * from (${joinSql(arms, sql` union all `)}) as found
    order by at desc, id desc limit ${window.fetch}::integer`);
}

/** As many rows of one source as the page could need. */
function armOf(
  { rows, ofCare }: Source,
  actor: StaffActor,
  kind: TimelineKind | undefined,
  { after, fetch }: PageWindow,
): Sql {
  const conditions = [sql`patient_id = any ((select ids from file)::uuid[])`];
  if (kind !== undefined) conditions.push(sql`kind = ${kind}`);
  if (ofCare) conditions.push(mayOpenFile(actor, sql`patient_id`));
  if (after !== undefined) {
    const [at, id] = after;
    conditions.push(sql`(at, id) < (${at}::timestamptz, ${id}::uuid)`);
  }
  return sql`(select * from (${rows}) as source
    where ${joinSql(conditions, sql` and `)}
    order by at desc, id desc limit ${fetch}::integer)`;
}
