-- Events leave the outbox for the central trail and stay here as well: what a line there says can be compared.
alter table audit_outbox add column relayed_at timestamptz;
create index audit_outbox_waiting_idx on audit_outbox (id) where relayed_at is null;

-- That it was relayed is all that is ever noted of an event, once.
create function note_relayed() returns trigger language plpgsql as $$
begin
  if old.relayed_at is not null or new.relayed_at is null
    or to_jsonb(new) - 'relayed_at' is distinct from to_jsonb(old) - 'relayed_at' then
    raise exception 'this table is append-only' using errcode = '42501';
  end if;
  return new;
end $$;

drop trigger append_only on audit_outbox;
create trigger append_only before delete on audit_outbox for each row execute function refuse_change();
create trigger note_relayed before update on audit_outbox for each row execute function note_relayed();

grant select, update (relayed_at) on audit_outbox to cloison_clinics;
