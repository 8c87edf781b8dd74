#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run once by the image, when it creates the primary's data: roles, databases, and the synchronous standby.
set -euo pipefail

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE auth LOGIN PASSWORD 'auth-password';
CREATE DATABASE auth OWNER auth;
CREATE ROLE worker LOGIN PASSWORD 'worker-password';
CREATE DATABASE worker OWNER worker;
CREATE ROLE replicator LOGIN REPLICATION PASSWORD 'replicator-password';
-- Valid from the next start on: this server's own commits must not wait for a standby that cannot connect yet.
ALTER SYSTEM SET synchronous_standby_names = 'postgres_2';
SQL

cat > "$PGDATA/pg_hba.conf" <<'HBA'
local   all         all                 trust
hostssl all         all         all     scram-sha-256
hostssl replication replicator  all     scram-sha-256
HBA
