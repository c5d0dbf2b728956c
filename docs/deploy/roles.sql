-- The portal's roles, their limits and the database. Run it once as a superuser: psql --file roles.sql
-- Then give the three roles that sign in a password, with \password in psql.

CREATE ROLE paktaleem_owner LOGIN;
CREATE ROLE paktaleem_app LOGIN;
CREATE ROLE paktaleem_officer NOLOGIN;
CREATE ROLE paktaleem_limited NOLOGIN;
CREATE ROLE paktaleem_backup LOGIN BYPASSRLS;

GRANT paktaleem_officer TO paktaleem_app WITH ADMIN FALSE, INHERIT FALSE, SET TRUE;
GRANT paktaleem_limited TO paktaleem_app WITH ADMIN FALSE, INHERIT FALSE, SET TRUE;
GRANT pg_read_all_data TO paktaleem_backup WITH ADMIN FALSE, INHERIT TRUE, SET FALSE;

-- Limits of one statement, of a wait for a lock, and of a transaction that does nothing. The portal raises them itself where
-- one statement needs longer.
ALTER ROLE paktaleem_app SET statement_timeout TO '30s';
ALTER ROLE paktaleem_app SET lock_timeout TO '10s';
ALTER ROLE paktaleem_app SET idle_in_transaction_session_timeout TO '60s';
ALTER ROLE paktaleem_backup SET default_transaction_read_only TO 'on';

CREATE DATABASE paktaleem OWNER paktaleem_owner TEMPLATE template0;
REVOKE ALL ON DATABASE paktaleem FROM PUBLIC;
GRANT CONNECT ON DATABASE paktaleem TO paktaleem_app, paktaleem_owner, paktaleem_backup;
GRANT TEMPORARY ON DATABASE paktaleem TO paktaleem_app;

\connect paktaleem
ALTER SCHEMA public OWNER TO paktaleem_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO paktaleem_app, paktaleem_officer, paktaleem_limited, paktaleem_backup;
