-- Catalogue, quotes, invoices, credit notes, payments.
--
-- Money is whole cents, rates are hundredths of a percent. Totals follow EN 16931: every line is rounded, VAT is rounded
-- once for each rate. Rules of the law stand here, so that no code path can break them: numbers without gaps, issued
-- documents that never change, no credit beyond the invoice, no payment beyond what is due.

create table catalogue_items (
  id uuid primary key,
  kind text not null check (kind in ('service', 'product')),
  code text check (char_length(code) between 1 and 40),
  title text not null check (char_length(title) between 1 and 200),
  description text check (char_length(description) between 1 and 2000),
  unit_price_cents integer not null check (unit_price_cents between 0 and 99999999),
  vat_category text not null check (vat_category in ('standard', 'exempt_care')),
  vat_rate integer not null check (vat_rate between 0 and 3000),
  -- How long a service takes; products take no time.
  duration_minutes integer check (duration_minutes between 5 and 480),
  overlappable boolean not null default false,
  -- Without therapeutic purpose: the patient's time to think it over is the law's.
  aesthetic boolean not null default false,
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  sort_title text collate "C" not null generated always as (search_form(title)) stored,
  constraint catalogue_items_vat_check check ((vat_category = 'standard') = (vat_rate > 0)),
  constraint catalogue_items_duration_check check (kind = 'service' or duration_minutes is null)
);

create unique index catalogue_items_code_key on catalogue_items (lower(code)) where archived_at is null;
create index catalogue_items_sort_title_idx on catalogue_items (sort_title, id);
create trigger touch before update on catalogue_items for each row execute function touch_row();

create table documents (
  id uuid primary key,
  kind text not null check (kind in ('quote', 'invoice', 'credit_note')),
  state text not null default 'draft',
  patient_id uuid not null references patients,
  -- The quote that an invoice was made of, or the invoice that a credit note corrects.
  source_id uuid references documents,
  discount_basis_points integer check (discount_basis_points between 1 and 10000),
  discount_cents integer check (discount_cents between 1 and 999999999),
  -- Days for payment (invoices), days that it holds good (quotes).
  due_days integer check (due_days between 0 and 60),
  valid_days integer check (valid_days between 1 and 365),
  delivered_on date check (delivered_on between '2000-01-01' and '2200-01-01'),
  -- Sealed with the clinic's data key, which is not in this database.
  note_sealed bytea,
  -- Of the lines, of the document's discount, of VAT, and what is to pay.
  lines_cents integer not null default 0 check (lines_cents between 0 and 999999999),
  allowance_cents integer not null default 0 check (allowance_cents between 0 and 999999999),
  vat_cents integer not null default 0 check (vat_cents between 0 and 999999999),
  total_cents integer not null default 0 check (total_cents between 0 and 999999999),
  -- From here on: given at issue, by the trigger below, and never changed.
  time_zone text check (char_length(time_zone) between 1 and 64),
  number text,
  issued_on date,
  issued_at timestamptz,
  due_on date,
  valid_until date,
  acceptable_from date,
  seller jsonb,
  buyer jsonb,
  -- Grow with payments and credit notes.
  paid_cents integer not null default 0 check (paid_cents >= 0),
  credited_cents integer not null default 0 check (credited_cents between 0 and total_cents),
  -- When a quote was accepted or rejected.
  decided_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint documents_number_key unique (number),
  check (state = any (case kind
    when 'quote' then array['draft', 'sent', 'accepted', 'rejected', 'converted']
    when 'invoice' then array['draft', 'issued', 'partially_paid', 'paid', 'credited']
    else array['draft', 'issued'] end)),
  check ((state = 'draft') = (number is null)),
  check ((state = 'draft') = (issued_on is null)),
  check (state = 'draft' or (seller is not null and buyer is not null and issued_at is not null)),
  check (num_nonnulls(discount_basis_points, discount_cents) <= 1),
  check ((kind = 'quote') = (valid_days is not null)),
  check ((kind = 'invoice') = (due_days is not null)),
  check (kind <> 'quote' or source_id is null),
  check (kind <> 'credit_note' or source_id is not null),
  constraint documents_total_check check (total_cents = lines_cents - allowance_cents + vat_cents)
);

-- A quote is made into an invoice once.
create unique index documents_converted_key on documents (source_id) where kind = 'invoice';
create index documents_source_id_idx on documents (source_id);
create index documents_patient_id_idx on documents (patient_id, kind, created_at);
create index documents_created_at_idx on documents (kind, created_at, id);
create index documents_issued_on_idx on documents (kind, issued_on);

create table document_lines (
  id uuid primary key,
  document_id uuid not null references documents on delete cascade,
  position integer not null check (position between 1 and 200),
  catalogue_item_id uuid references catalogue_items,
  -- What was done to a patient: sealed.
  description_sealed bytea not null,
  quantity numeric(8, 3) not null check (quantity > 0),
  unit_price_cents integer not null check (unit_price_cents between 0 and 99999999),
  discount_basis_points integer check (discount_basis_points between 1 and 10000),
  discount_cents integer check (discount_cents between 1 and 999999999),
  vat_category text not null check (vat_category in ('standard', 'exempt_care')),
  vat_rate integer not null check (vat_rate between 0 and 3000),
  aesthetic boolean not null default false,
  -- EN 16931 BT-131: what is left of quantity times price.
  net_cents integer not null generated always as (
    round(quantity * unit_price_cents)
      - coalesce(discount_cents, round(round(quantity * unit_price_cents) * coalesce(discount_basis_points, 0) / 10000))
  ) stored,
  check ((vat_category = 'standard') = (vat_rate > 0)),
  check (num_nonnulls(discount_basis_points, discount_cents) <= 1),
  constraint document_lines_net_check check (net_cents between 0 and 999999999),
  constraint document_lines_position_key unique (document_id, position)
);

-- The last number of each kind, and its day. Nobody but the trigger below can reach it.
create table document_counters (
  kind text primary key check (kind in ('quote', 'invoice', 'credit_note')),
  prefix text not null,
  last_number integer not null default 0,
  last_on date not null default '-infinity'
);

insert into document_counters (kind, prefix) values ('quote', 'DV'), ('invoice', 'FA'), ('credit_note', 'AV');

create table payments (
  id uuid primary key,
  invoice_id uuid not null references documents,
  kind text not null check (kind in ('payment', 'refund')),
  amount_cents integer not null check (amount_cents between 1 and 999999999),
  method text not null check (method in ('card', 'cash', 'cheque', 'transfer', 'direct_debit', 'other')),
  paid_on date not null check (paid_on between '2000-01-01' and '2200-01-01'),
  reference text check (char_length(reference) between 1 and 100),
  created_at timestamptz not null default clock_timestamp()
);

create index payments_invoice_id_idx on payments (invoice_id, created_at, id);

create function refuse(rule text, reason text) returns void language plpgsql as $$
begin
  raise exception '%', reason using errcode = '23514', constraint = rule;
end $$;

-- The sums of a document for each VAT category and rate. A discount in cents is spread over them by the largest remainder.
create function document_vat_groups(document uuid)
  returns table (vat_category text, vat_rate integer, lines bigint, allowance bigint, base bigint, vat bigint)
  language sql stable as $$
  with sums as (
    select l.vat_category, l.vat_rate, sum(l.net_cents) as lines
    from document_lines as l where l.document_id = document group by 1, 2
  ), shares as (
    select s.*, d.discount_basis_points as points, coalesce(d.discount_cents, 0)::bigint as discount,
      greatest(sum(s.lines) over (), 1)::bigint as whole
    from sums as s join documents as d on d.id = document
  ), parts as (
    select s.*, s.lines * s.discount / s.whole as part, s.lines * s.discount % s.whole as remainder from shares as s
  ), ranked as (
    select p.*, sum(p.part) over () as given,
      row_number() over (order by p.remainder desc, p.vat_category, p.vat_rate) as rank
    from parts as p
  ), reduced as (
    select r.*, case when r.points is null then r.part + (r.rank <= r.discount - r.given)::integer
      else round(r.lines::numeric * r.points / 10000)::bigint end as reduction
    from ranked as r
  )
  select r.vat_category, r.vat_rate, r.lines::bigint, r.reduction, (r.lines - r.reduction)::bigint,
    round((r.lines - r.reduction)::numeric * r.vat_rate / 10000)::bigint
  from reduced as r
$$;

create function check_document_totals(document documents) returns void language plpgsql as $$
declare
  sums record;
begin
  select coalesce(sum(g.lines), 0) as lines, coalesce(sum(g.allowance), 0) as allowance,
    coalesce(sum(g.vat), 0) as vat, count(*) as groups into sums
  from document_vat_groups(document.id) as g;
  if sums.groups = 0 then perform refuse('documents_empty', 'a document without lines is not issued'); end if;
  if (sums.lines, sums.allowance, sums.vat)
    is distinct from (document.lines_cents::bigint, document.allowance_cents::bigint, document.vat_cents::bigint) then
    perform refuse('documents_totals', 'the totals are not those of the lines');
  end if;
  if sums.allowance > sums.lines then
    perform refuse('documents_discount', 'the discount is greater than the document');
  end if;
end $$;

-- Who bills; null while something that the law wants on an invoice is missing.
create function billing_identity() returns jsonb language sql stable as $$
  select jsonb_build_object(
    'name', s.legal_name, 'siret', s.siret, 'vatNumber', s.vat_number,
    'addressLine1', s.address_line1, 'addressLine2', s.address_line2,
    'postalCode', s.postal_code, 'city', s.city, 'countryCode', coalesce(s.country_code, 'FR'),
    'email', s.email, 'phone', s.phone, 'iban', s.iban, 'bic', s.bic)
  from clinic_settings as s
  where num_nulls(s.legal_name, s.siret, s.address_line1, s.postal_code, s.city) = 0
$$;

create function patient_as_buyer(patient uuid) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'name', concat_ws(' ', p.given_names, p.family_name),
    'addressLine1', p.address_line1, 'addressLine2', p.address_line2,
    'postalCode', p.postal_code, 'city', p.city, 'countryCode', coalesce(p.country_code, 'FR'))
  from patients as p where p.id = patient
$$;

-- Whoever takes the row waits for whoever has it until that one commits: no number is given twice or lost, and the day is
-- read when it is this document's turn.
create function number_document(document documents) returns documents language plpgsql as $$
declare
  counter document_counters;
  today date;
begin
  select * into strict counter from document_counters as c where c.kind = document.kind for update;
  today := greatest((clock_timestamp() at time zone document.time_zone)::date, counter.last_on);
  if extract(year from today) > extract(year from counter.last_on) then counter.last_number := 0; end if;
  counter.last_number := counter.last_number + 1;
  update document_counters as c set last_number = counter.last_number, last_on = today where c.kind = document.kind;
  document.issued_on := today;
  document.issued_at := clock_timestamp();
  document.number := format('%s-%s-%s', counter.prefix, to_char(today, 'YYYY'),
    lpad(counter.last_number::text, greatest(4, length(counter.last_number::text)), '0'));
  return document;
end $$;

-- Acts of EUR 300 or more without therapeutic purpose: 15 days between the quote and the patient's word (order of
-- 17 October 1996, CSP D6322-30).
create function reflection_days(document uuid) returns integer language sql stable as $$
  select 15 from document_lines as l
  where l.document_id = document and l.aesthetic
    and l.net_cents + round(l.net_cents::numeric * l.vat_rate / 10000) >= 30000
  limit 1
$$;

create function issue_document(document documents) returns documents language plpgsql as $$
declare
  invoice documents;
  excess record;
begin
  perform check_document_totals(document);
  select s.time_zone into strict document.time_zone from clinic_settings as s;
  document.seller := billing_identity();
  if document.seller is null then
    perform refuse('documents_billing_identity', 'the clinic''s billing identity is missing');
  end if;
  if document.vat_cents > 0 and document.seller ->> 'vatNumber' is null then
    perform refuse('documents_billing_identity', 'who bills VAT names their VAT number');
  end if;
  document.buyer := patient_as_buyer(document.patient_id);
  if document.kind = 'credit_note' then
    select * into strict invoice from documents as d where d.id = document.source_id for update;
    if document.total_cents > invoice.total_cents - invoice.credited_cents then
      perform refuse('credit_notes_exceed_remaining', 'more than what remains of the invoice');
    end if;
    select g.vat_category, g.vat_rate into excess
    from document_vat_groups(document.id) as g
    where g.base > coalesce((
      select i.base from document_vat_groups(invoice.id) as i
      where i.vat_category = g.vat_category and i.vat_rate = g.vat_rate), 0) - coalesce((
      select sum(c.base) from documents as d, lateral document_vat_groups(d.id) as c
      where d.source_id = invoice.id and d.kind = 'credit_note' and d.state = 'issued'
        and c.vat_category = g.vat_category and c.vat_rate = g.vat_rate), 0)
    limit 1;
    if found then
      perform refuse('credit_notes_exceed_rate', 'more than what remains of the invoice at one VAT rate');
    end if;
  end if;
  document := number_document(document);
  if document.kind = 'invoice' then
    document.due_on := document.issued_on + document.due_days;
  elsif document.kind = 'quote' then
    document.valid_until := document.issued_on + document.valid_days;
    document.acceptable_from := document.issued_on + reflection_days(document.id);
    if document.acceptable_from > document.valid_until then
      perform refuse('quotes_validity', 'the quote would end before it can be accepted');
    end if;
  else
    update documents as d set credited_cents = d.credited_cents + document.total_cents where d.id = invoice.id;
  end if;
  return document;
end $$;

create function decide_quote(quote documents, today date) returns documents language plpgsql as $$
begin
  if today > quote.valid_until then perform refuse('quotes_expired', 'the quote has expired'); end if;
  if quote.state = 'accepted' and today < quote.acceptable_from then
    perform refuse('quotes_reflection', 'the patient still has time to think it over');
  end if;
  quote.decided_at := clock_timestamp();
  return quote;
end $$;

create function invoice_state(invoice documents) returns text language sql immutable as $$
  select case
    when invoice.credited_cents = invoice.total_cents and invoice.credited_cents > 0 then 'credited'
    when invoice.paid_cents + invoice.credited_cents >= invoice.total_cents then 'paid'
    when invoice.paid_cents > 0 then 'partially_paid'
    else 'issued' end
$$;

-- Every change of a document comes through here, whoever makes it. As the owner, who alone reaches the counters.
create function guard_document() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  source documents;
  kept text[] := '{state,version,updated_at,paid_cents,credited_cents,decided_at}';
begin
  if tg_op = 'DELETE' then
    if old.state <> 'draft' then perform refuse('documents_immutable', 'an issued document stays'); end if;
    if old.kind = 'invoice' and old.source_id is not null then
      perform refuse('documents_converted_stays', 'the quote was made into this invoice');
    end if;
    return old;
  end if;
  if tg_op = 'INSERT' then
    if new.state <> 'draft' then perform refuse('documents_born_drafts', 'documents begin as drafts'); end if;
    if new.source_id is not null then
      select * into source from documents as d where d.id = new.source_id for update;
      if source.patient_id is distinct from new.patient_id
        or source.kind is distinct from (case new.kind when 'invoice' then 'quote' else 'invoice' end) then
        perform refuse('documents_source', 'the document was made of another patient''s, or of another kind');
      end if;
      if new.kind = 'invoice' and source.state <> 'accepted' or source.state = 'draft' then
        perform refuse('documents_transition', 'the source is not in the state for it');
      end if;
    end if;
    return new;
  end if;
  if old.state = 'draft' then
    if new.state = 'draft' then return new; end if;
    if new.state <> (case old.kind when 'quote' then 'sent' else 'issued' end) then
      perform refuse('documents_transition', 'no such transition');
    end if;
    if to_jsonb(new) - 'state' is distinct from to_jsonb(old) - 'state' then
      perform refuse('documents_immutable', 'a document is issued as it stands');
    end if;
    new := issue_document(new);
    if new.kind = 'invoice' then new.state := invoice_state(new); end if;
    return new;
  end if;
  if to_jsonb(new) - kept is distinct from to_jsonb(old) - kept then
    perform refuse('documents_immutable', 'an issued document does not change');
  end if;
  if old.kind = 'invoice' and new.state = old.state then
    new.state := invoice_state(new);
    return new;
  end if;
  if new.state = old.state and new.decided_at is not distinct from old.decided_at then return new; end if;
  if old.kind = 'quote' and old.state = 'sent' and new.state in ('accepted', 'rejected') then
    return decide_quote(new, (clock_timestamp() at time zone old.time_zone)::date);
  end if;
  if old.kind = 'quote' and old.state = 'accepted' and new.state = 'converted'
    and exists (select from documents as d where d.source_id = old.id and d.kind = 'invoice') then
    return new;
  end if;
  perform refuse('documents_transition', 'no such transition');
end $$;

create trigger guard before insert or update or delete on documents
  for each row execute function guard_document();
create trigger touch before update on documents for each row execute function touch_row();
create trigger no_truncate before truncate on documents for each statement execute function refuse_change();

-- Lines change while their document is a draft. It is locked: who issues it at the same moment waits, or goes first.
create function guard_document_line() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  parent text;
begin
  if tg_op = 'UPDATE' and new.document_id <> old.document_id then
    perform refuse('documents_immutable', 'a line stays in its document');
  end if;
  select d.state into parent from documents as d
  where d.id = case when tg_op = 'DELETE' then old.document_id else new.document_id end for share;
  if found and parent <> 'draft' then
    perform refuse('documents_immutable', 'lines of an issued document do not change');
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;

create trigger guard before insert or update or delete on document_lines
  for each row execute function guard_document_line();
create trigger no_truncate before truncate on document_lines for each statement execute function refuse_change();

create function take_payment() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  invoice documents;
  most integer;
begin
  select * into invoice from documents as d where d.id = new.invoice_id and d.kind = 'invoice' for update;
  if not found then perform refuse('payments_invoice', 'only invoices are paid'); end if;
  if invoice.state = 'draft' then perform refuse('payments_draft', 'a draft is not paid'); end if;
  if new.paid_on > (clock_timestamp() at time zone invoice.time_zone)::date then
    perform refuse('payments_future', 'the day of the payment is to come');
  end if;
  most := case new.kind when 'refund' then invoice.paid_cents
    else greatest(0, invoice.total_cents - invoice.credited_cents - invoice.paid_cents) end;
  if new.amount_cents > most then
    perform refuse(case new.kind when 'refund' then 'refunds_exceed_paid' else 'payments_exceed_due' end,
      'more than what is due');
  end if;
  update documents as d
  set paid_cents = d.paid_cents + case new.kind when 'refund' then -new.amount_cents else new.amount_cents end
  where d.id = invoice.id;
  return new;
end $$;

create trigger take_payment before insert on payments for each row execute function take_payment();
create trigger append_only before update or delete on payments for each row execute function refuse_change();
create trigger append_only_whole before truncate on payments for each statement execute function refuse_change();

grant select, insert, update on catalogue_items to cloison_clinics;
grant select, delete on documents to cloison_clinics;
grant insert (id, kind, patient_id, source_id, discount_basis_points, discount_cents, due_days, valid_days, delivered_on,
  note_sealed, lines_cents, allowance_cents, vat_cents, total_cents) on documents to cloison_clinics;
grant update (discount_basis_points, discount_cents, due_days, valid_days, delivered_on, note_sealed, lines_cents,
  allowance_cents, vat_cents, total_cents, state) on documents to cloison_clinics;
grant select, insert, delete on document_lines to cloison_clinics;
grant select, insert on payments to cloison_clinics;
