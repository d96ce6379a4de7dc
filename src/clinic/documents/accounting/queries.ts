import { type Sql, sql } from "../../../db/sql.ts";
import type { ReadTx } from "../../../tenancy/clinic_db.ts";
import type { AccountingSummary } from "./schemas.ts";

export interface Days {
  readonly from: string;
  readonly to: string;
}

/** JSON of the database: its sums are numbers of 64 bits. */
type SummaryRow = Omit<AccountingSummary, "from" | "to" | "currency">;

/** All sums, of one moment. */
export async function sumUp(tx: ReadTx, days: Days): Promise<SummaryRow> {
  const row = await tx.row<{ summary: SummaryRow }>(sql`
    with issued as materialized (
      select id, kind, case kind when 'invoice' then 1 else -1 end as sign,
        lines_cents - allowance_cents as net, vat_cents as vat,
        total_cents as total
      from documents
      where kind in ('invoice', 'credit_note') and state <> 'draft'
        and ${within(sql`issued_on`, days)}
    ), owed as (
      select total_cents - paid_cents - credited_cents as cents,
        due_on < (now() at time zone time_zone)::date as late
      from documents
      where kind = 'invoice' and state in ('issued', 'partially_paid')
        and total_cents > paid_cents + credited_cents
    ), rates as (
      select g.vat_category, g.vat_rate, sum(sign * g.base) as base,
        sum(sign * g.vat) as vat
      from issued, document_vat_groups(issued.id) as g group by 1, 2
    ), methods as (
      select method,
        coalesce(sum(amount_cents) filter (where kind = 'payment'), 0) as received,
        coalesce(sum(amount_cents) filter (where kind = 'refund'), 0) as refunded
      from payments where ${within(sql`paid_on`, days)} group by method
    )
    select jsonb_build_object(
      'invoices', ${totals(sql`kind = 'invoice'`)},
      'creditNotes', ${totals(sql`kind = 'credit_note'`)},
      'revenue', (select jsonb_build_object(
          'netCents', coalesce(sum(sign * net), 0),
          'vatCents', coalesce(sum(sign * vat), 0),
          'totalCents', coalesce(sum(sign * total), 0)) from issued),
      'vat', (select coalesce(jsonb_agg(jsonb_build_object(
          'vatCategory', vat_category, 'vatRateBasisPoints', vat_rate,
          'baseCents', base, 'vatCents', vat) order by vat_rate), '[]')
        from rates),
      'payments', (select coalesce(jsonb_agg(jsonb_build_object(
          'method', method, 'receivedCents', received,
          'refundedCents', refunded) order by method), '[]') from methods),
      'outstandingCents', (select coalesce(sum(cents), 0) from owed),
      'overdueCents', (select coalesce(sum(cents) filter (where late), 0)
        from owed)) as summary`);
  return row!.summary;
}

function within(column: Sql, { from, to }: Days): Sql {
  return sql`${column} between ${from}::date and ${to}::date`;
}

function totals(condition: Sql): Sql {
  return sql`(select jsonb_build_object('count', count(*),
      'netCents', coalesce(sum(net), 0), 'vatCents', coalesce(sum(vat), 0),
      'totalCents', coalesce(sum(total), 0))
    from issued where ${condition})`;
}
