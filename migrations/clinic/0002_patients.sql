create table patients (
  id uuid primary key,
  profile_status text not null check (profile_status in ('provisional', 'complete')),
  given_names text not null check (char_length(given_names) between 1 and 100),
  family_name text check (char_length(family_name) between 1 and 100),
  birth_name text check (char_length(birth_name) between 1 and 100),
  sex text not null default 'unknown' check (sex in ('female', 'male', 'unknown')),
  birth_date date check (birth_date between '1850-01-01' and '2200-01-01'),
  birth_place text check (char_length(birth_place) between 1 and 200),
  -- Sealed with the clinic's data key, which is not in this database; found again by a keyed hash.
  nir_sealed bytea,
  nir_index bytea,
  email text check (char_length(email) between 3 and 254),
  phone text check (char_length(phone) between 3 and 32),
  address_line1 text check (char_length(address_line1) between 1 and 200),
  address_line2 text check (char_length(address_line2) between 1 and 200),
  postal_code text check (char_length(postal_code) between 1 and 16),
  city text check (char_length(city) between 1 and 100),
  country_code text check (country_code ~ '^[A-Z]{2}$'),
  preferred_language text check (preferred_language ~ '^[a-z]{2}(-[A-Z]{2})?$'),
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  search_name text not null generated always as (
    search_form(coalesce(family_name, '') || ' ' || given_names || ' ' || coalesce(birth_name, ''))) stored,
  sort_name text collate "C" not null generated always as (
    search_form(coalesce(family_name, '') || ' ' || given_names)) stored,
  check ((nir_sealed is null) = (nir_index is null)),
  constraint patients_complete_check check (
    profile_status = 'provisional' or (family_name is not null and birth_date is not null))
);

create unique index patients_nir_key on patients (nir_index);
create index patients_search_idx on patients using gin (search_name gin_trgm_ops);
create index patients_sort_name_idx on patients (sort_name, id);
create index patients_created_at_idx on patients (created_at, id);
create trigger touch before update on patients for each row execute function touch_row();

-- A file that is complete stays so.
create function keep_patient_complete() returns trigger language plpgsql as $$
begin
  raise exception 'a complete file cannot become provisional' using errcode = '23514',
    constraint = 'patients_profile_status_one_way';
end $$;

create trigger profile_status_one_way before update on patients
  for each row when (old.profile_status = 'complete' and new.profile_status = 'provisional')
  execute function keep_patient_complete();

grant select, insert, update on patients to cloison_clinics;
