-- What was answered to a POST that carried an Idempotency-Key, written in the transaction of its effect.
create table idempotency_keys (
  id uuid primary key,
  staff_id uuid not null references staff,
  -- Method and path pattern: one key may be used once for each.
  operation text not null check (char_length(operation) between 1 and 200),
  -- Keyed hashes: neither the key, which a client may make of anything, nor what was asked can be guessed from them.
  key_index bytea not null check (octet_length(key_index) = 32),
  request_index bytea not null check (octet_length(request_index) = 32),
  -- Status, headers and body of the answer; sealed, because the body is a patient's file.
  response_sealed bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint idempotency_keys_key unique (staff_id, operation, key_index)
);

create index idempotency_keys_expires_at_idx on idempotency_keys (expires_at);

grant select, insert, update, delete on idempotency_keys to cloison_clinics;
