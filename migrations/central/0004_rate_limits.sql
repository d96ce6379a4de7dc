-- How often something was done in the window that runs: shared by all API processes. Keys are ids and keyed hashes, never
-- an e-mail address. Lost in a crash without harm, so it is not written to the log.
create unlogged table rate_limits (
  key text primary key check (char_length(key) between 1 and 255),
  points integer not null,
  -- Milliseconds since the epoch.
  expire bigint not null
);

create index rate_limits_expire_idx on rate_limits (expire);

grant select, insert, update, delete on rate_limits to cloison_api;
