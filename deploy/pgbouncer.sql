-- What a page's connection says by itself, for those that come through PgBouncer: it passes no
-- `options` on. Run it as an administrator. Worker, beat and commands come past it, and say their own.
ALTER ROLE saas IN DATABASE saas SET search_path = pg_catalog;
ALTER ROLE saas IN DATABASE saas SET statement_timeout = '20s';
ALTER ROLE saas IN DATABASE saas SET lock_timeout = '10s';
ALTER ROLE saas IN DATABASE saas SET idle_in_transaction_session_timeout = '60s';
