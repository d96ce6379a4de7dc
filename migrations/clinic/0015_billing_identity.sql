-- What companies must say of themselves on their documents (Code de commerce R123-237 and R123-238), and what a clinic
-- wants to say there besides.

alter table clinic_settings
  add column legal_form text check (char_length(legal_form) between 1 and 60),
  add column share_capital_cents integer check (share_capital_cents >= 0),
  add column trade_register text check (char_length(trade_register) between 1 and 100),
  add column document_mention text check (char_length(document_mention) between 1 and 500);

create or replace function billing_identity() returns jsonb language sql stable as $$
  select jsonb_build_object(
    'name', s.legal_name, 'legalForm', s.legal_form, 'shareCapitalCents', s.share_capital_cents,
    'tradeRegister', s.trade_register, 'mention', s.document_mention,
    'siret', s.siret, 'vatNumber', s.vat_number,
    'addressLine1', s.address_line1, 'addressLine2', s.address_line2,
    'postalCode', s.postal_code, 'city', s.city, 'countryCode', coalesce(s.country_code, 'FR'),
    'email', s.email, 'phone', s.phone, 'iban', s.iban, 'bic', s.bic)
  from clinic_settings as s
  where num_nulls(s.legal_name, s.siret, s.address_line1, s.postal_code, s.city) = 0
$$;

-- Acts of EUR 300 or more in all without therapeutic purpose: 15 days between the quote and the patient's word (order of
-- 17 October 1996, CSP D6322-30). Two lines of 150 are not a way round it.
create or replace function reflection_days(document uuid) returns integer language sql stable as $$
  select 15 from document_lines as l
  where l.document_id = document and l.aesthetic
  having sum(l.net_cents + round(l.net_cents::numeric * l.vat_rate / 10000)) >= 30000
$$;
