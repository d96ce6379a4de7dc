-- Two files in use with the same names and day of birth that are reached at the same number or address are of one
-- person; so are two of somebody who called twice and left the same name and number.
create unique index patients_same_phone_key on patients (sort_name, birth_date, phone)
  where archived_at is null and birth_date is not null and phone is not null;
create unique index patients_same_email_key on patients (sort_name, birth_date, lower(email))
  where archived_at is null and birth_date is not null and email is not null;
create unique index patients_same_caller_key on patients (sort_name, phone)
  where archived_at is null and birth_date is null and phone is not null;

-- What was cashed, by the time of recording and by its day.
create index payments_created_at_idx on payments (created_at, id);
create index payments_paid_on_idx on payments (paid_on, id);
