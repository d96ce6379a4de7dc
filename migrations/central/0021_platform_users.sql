-- The owners of the platform manage its people over the API. Its role still changes no user by itself: these functions do,
-- for the session of an owner.

-- Changes of users wait for one another, and who asks is looked at behind the lock: of two owners who suspend each other at
-- the same moment one does, and the other is nobody by then. Null: an operator's command, whose login may change the table.
create function require_platform_owner(session uuid) returns uuid language plpgsql
  set search_path = pg_catalog, public, pg_temp as $$
declare
  holder uuid;
begin
  perform pg_advisory_xact_lock(hashtext('platform_last_owner'));
  if session is null and has_table_privilege(session_user, 'platform_users', 'update') then
    return null;
  end if;
  select platform_users.id into holder
    from platform_sessions join platform_users on platform_users.id = user_id
    where platform_sessions.id = session and revoked_at is null and expires_at > now()
      and state = 'active' and role = 'owner';
  if holder is null then
    raise check_violation using constraint = 'platform_users_by_owner', table = 'platform_users';
  end if;
  return holder;
end $$;

create function create_platform_user(session uuid, new_id uuid, new_email text, new_name text, new_role text,
    new_hash text)
  returns void language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform require_platform_owner(session);
  insert into platform_users (id, email, display_name, role, password_hash)
    values (new_id, new_email, new_name, new_role, new_hash);
end $$;

-- Null leaves a thing as it is; `seen` null: whatever the version. False when nobody of that id has such a version.
create function change_platform_user(session uuid, wanted uuid, seen integer[], new_name text, new_role text,
    new_state text)
  returns boolean language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  changer uuid := require_platform_owner(session);
begin
  if changer = wanted and new_state = 'suspended' then
    raise check_violation using constraint = 'platform_users_own_account', table = 'platform_users';
  end if;
  if new_state not in ('active', 'suspended') then
    raise check_violation using constraint = 'platform_users_state_check', table = 'platform_users';
  end if;
  update platform_users set display_name = coalesce(new_name, display_name), role = coalesce(new_role, role),
      state = coalesce(new_state, state)
    where id = wanted and state <> 'removed' and (seen is null or version = any (seen));
  return found;
end $$;

-- For who has lost the app and the recovery codes. False when there is no such user.
create function clear_platform_factor(session uuid, wanted uuid) returns boolean
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  -- With the app out of the way, a stolen token and the password would be enough to be somebody for good.
  if require_platform_owner(session) = wanted then
    raise check_violation using constraint = 'platform_users_own_account', table = 'platform_users';
  end if;
  perform from platform_users where id = wanted and state <> 'removed';
  if not found then
    return false;
  end if;
  delete from platform_second_factors where user_id = wanted;
  delete from platform_recovery_codes where user_id = wanted;
  update platform_sessions set revoked_at = now() where user_id = wanted and revoked_at is null;
  return true;
end $$;

-- Whether somebody has an app is shown with the rest of them: another answer, another version.
create function touch_platform_user() returns trigger language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp as $$
begin
  update platform_users set updated_at = now() where id = coalesce(new.user_id, old.user_id);
  return null;
end $$;

create trigger touch_user_new after insert on platform_second_factors
  for each row when (new.confirmed_at is not null) execute function touch_platform_user();
create trigger touch_user after update of confirmed_at on platform_second_factors
  for each row when (new.confirmed_at is distinct from old.confirmed_at) execute function touch_platform_user();
create trigger touch_user_gone after delete on platform_second_factors
  for each row when (old.confirmed_at is not null) execute function touch_platform_user();

create index platform_users_listed_idx on platform_users (lower(email) collate "C", id) where state <> 'removed';

revoke execute on function require_platform_owner(uuid), touch_platform_user(),
  create_platform_user(uuid, uuid, text, text, text, text),
  change_platform_user(uuid, uuid, integer[], text, text, text), clear_platform_factor(uuid, uuid) from public;
grant execute on function create_platform_user(uuid, uuid, text, text, text, text),
  change_platform_user(uuid, uuid, integer[], text, text, text), clear_platform_factor(uuid, uuid) to cloison_api;
