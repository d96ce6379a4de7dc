-- Refusals are on the trail too: what was asked for, and why it was refused. What strangers are refused is written line by
-- line up to a bound, and counted beyond it: nobody fills the trail by being refused.
alter table audit_log
  -- Method and path pattern.
  add column operation text check (char_length(operation) <= 200),
  -- The code of the problem that was answered.
  add column reason text check (char_length(reason) <= 100),
  -- How many refusals the line stands for.
  add column count integer not null default 1 check (count > 0);

create index audit_log_refused_idx on audit_log (at) where outcome = 'refused';
