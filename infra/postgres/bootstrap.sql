-- What one cluster needs before its first clinic: roles, the central database, and the one function PgBouncer may call.
-- Run as superuser by psql; every statement may be run again. The variables worker_verifier, api_verifier,
-- backup_verifier and pgbouncer_verifier hold SCRAM verifiers and are given as `\set` lines on stdin, so no password or verifier is in argv.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
-- A statement that fails must not put a verifier into the server's log.
SET log_min_error_statement = panic;
SET log_statement = 'none';

-- Owns the central database, the template and the clinic databases. Nobody logs in as it.
SELECT 'CREATE ROLE cloison_owner' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cloison_owner') \gexec
-- Group of all clinic roles: pg_hba.conf and pooler.get_auth() know them by it. It has no rights of its own.
SELECT 'CREATE ROLE cloison_clinics' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cloison_clinics') \gexec
SELECT 'CREATE ROLE cloison_worker' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cloison_worker') \gexec
SELECT 'CREATE ROLE cloison_api' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cloison_api') \gexec
SELECT 'CREATE ROLE cloison_backup' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cloison_backup') \gexec
SELECT 'CREATE ROLE cloison_pgbouncer' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cloison_pgbouncer') \gexec

ALTER ROLE cloison_owner NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE cloison_clinics NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE cloison_worker LOGIN NOSUPERUSER CREATEDB CREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'worker_verifier';
-- The limits: whoever holds such a password cannot use up the cluster's connections with it.
ALTER ROLE cloison_api LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 60 PASSWORD :'api_verifier';
ALTER ROLE cloison_backup LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 4 PASSWORD :'backup_verifier';
ALTER ROLE cloison_pgbouncer LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 10 PASSWORD :'pgbouncer_verifier';

GRANT cloison_owner TO cloison_worker;
-- CREATEROLE alone would not let the worker put a new clinic's role into the group.
GRANT cloison_clinics TO cloison_worker WITH ADMIN OPTION;
-- A database that is moved or removed must lose its last sessions.
GRANT pg_signal_backend TO cloison_worker;
-- So that it can keep what patients' data are quoted in out of the server's log: see the settings of clinic roles.
GRANT SET ON PARAMETER log_min_messages TO cloison_worker;
-- Reads every table of the databases that it may connect to, which is granted one by one. It can change nothing.
GRANT pg_read_all_data TO cloison_backup;

-- Behind a pooler these cannot be start-up parameters of a connection, so they stand on the role.
ALTER ROLE cloison_api SET statement_timeout = '5s';
ALTER ROLE cloison_api SET lock_timeout = '3s';
ALTER ROLE cloison_api SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE cloison_api SET timezone = 'UTC';
ALTER ROLE cloison_worker SET timezone = 'UTC';
ALTER ROLE cloison_worker SET idle_in_transaction_session_timeout = '5min';
ALTER ROLE cloison_backup SET default_transaction_read_only = on;
ALTER ROLE cloison_backup SET idle_in_transaction_session_timeout = '5min';
ALTER ROLE cloison_backup SET timezone = 'UTC';
ALTER ROLE cloison_pgbouncer SET statement_timeout = '5s';
ALTER ROLE cloison_pgbouncer SET idle_in_transaction_session_timeout = '5s';

-- What every database of this program starts from: template0, less what PUBLIC may do there and no clinic needs. Only a
-- superuser can take away rights on the catalogue's functions, and unlike those on a database they are copied.
SELECT 'CREATE DATABASE cloison_base TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'cloison_base') \gexec
REVOKE ALL ON DATABASE cloison_base FROM PUBLIC;
ALTER DATABASE cloison_base WITH ALLOW_CONNECTIONS true;
\connect cloison_base
SET client_min_messages = warning;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
-- DO blocks and functions: for migrations alone.
REVOKE ALL ON LANGUAGE plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql TO cloison_owner;
-- Large objects would be a table that nobody looks at; messages in the WAL, a way to fill the disk.
SELECT format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace
  AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite', 'pg_logical_emit_message')) \gexec
\connect postgres
SET client_min_messages = warning;
ALTER DATABASE cloison_base WITH ALLOW_CONNECTIONS false IS_TEMPLATE true;

SELECT 'CREATE DATABASE cloison_central TEMPLATE cloison_base OWNER cloison_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'cloison_central') \gexec

-- Every new database lets PUBLIC connect, and a template's rights are not copied: revoked here, and again by whoever creates one.
REVOKE ALL ON DATABASE cloison_central, template0, template1, postgres FROM PUBLIC;
GRANT CONNECT ON DATABASE cloison_central TO cloison_api, cloison_backup, cloison_worker, cloison_pgbouncer;
-- CREATE DATABASE needs a session somewhere, and template1 must stay free of sessions to be copied.
GRANT CONNECT ON DATABASE postgres TO cloison_worker;

\connect cloison_central
SET client_min_messages = warning;
-- The default since PostgreSQL 15, but not of a cluster that was upgraded from an older one.
REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA IF NOT EXISTS pooler;
REVOKE ALL ON SCHEMA pooler FROM PUBLIC;
GRANT USAGE ON SCHEMA pooler TO cloison_pgbouncer;

-- Reads pg_authid as the superuser who owns it, for the one caller who may execute it. It answers for clinic roles and for
-- the API only: the pooler's own password must not open the way to the worker's or a superuser's verifier. Membership
-- is looked at directly (not inherited), and a role that may create others is no clinic, whatever groups it is in.
-- pg_temp stands last by name: left out, it would be searched first. An expired password counts as none (VALID UNTIL).
CREATE OR REPLACE FUNCTION pooler.get_auth(wanted text, OUT uname text, OUT phash text)
RETURNS SETOF record
LANGUAGE sql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT r.rolname::text, r.rolpassword
  FROM pg_catalog.pg_authid AS r
  WHERE r.rolname = wanted
    AND r.rolcanlogin
    AND NOT (r.rolsuper OR r.rolreplication OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb)
    AND (r.rolvaliduntil IS NULL OR r.rolvaliduntil > pg_catalog.now())
    AND (
      r.rolname = 'cloison_api'
      OR EXISTS (
        SELECT FROM pg_catalog.pg_auth_members AS m
        JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
        WHERE m.member = r.oid AND g.rolname = 'cloison_clinics'
      )
    )
$$;
REVOKE ALL ON FUNCTION pooler.get_auth(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pooler.get_auth(text) TO cloison_pgbouncer;
