#!/bin/sh
# Gives the service a role and a database of its own, as the data folder is made.
#
# The service never works as the superuser: what it can't do by mistake, nobody can make it do.
# The password stays in the environment; an argument would be for every process to see.
set -eu

psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres <<'SQL'
\getenv password DATABASE_PASSWORD
CREATE ROLE saas LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE saas OWNER saas;
SQL
