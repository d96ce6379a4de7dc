-- Whoever serves or fills a cell must hold its key: this opens with it and with no other.
alter table cells
  add column probe_key_id text,
  add column probe_sealed bytea,
  add constraint cells_probe_check check ((probe_key_id is null) = (probe_sealed is null));

-- A secret is announced first (not active: every process learns to open with it), then used, then retired. So no
-- process ever meets a value, a token or a login that it cannot read yet.
alter table clinic_secrets
  add column active boolean not null default true;

create unique index clinic_secrets_current_key on clinic_secrets (clinic_id, purpose)
  where active and retired_at is null;

