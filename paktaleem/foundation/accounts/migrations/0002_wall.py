"""Clients, memberships and keys behind the wall, and the look-ups that precede a client context.

The look-ups are SECURITY DEFINER, owned by the owner role, found by hash or id only, with a pinned search_path.
"""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, TenantIsolation

PINNED = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp"

LIVE_KEY = f"""
CREATE FUNCTION accounts_live_key(key_digest bytea, at timestamptz)
RETURNS TABLE (id uuid, client_id uuid, scopes text[]) {PINNED} AS $$
    SELECT k.id, k.client_id, k.scopes::text[] FROM accounts_apikey k
    WHERE k.digest = key_digest AND k.revoked_at IS NULL AND k.created_at <= at AND at < k.expires_at
$$
"""

MEMBERSHIPS = f"""
CREATE FUNCTION accounts_memberships(member uuid, at timestamptz)
RETURNS TABLE (id uuid, client_id uuid, client_name text, role text) {PINNED} AS $$
    SELECT m.id, m.client_id, c.name::text, m.role::text
    FROM accounts_membership m JOIN accounts_client c ON c.id = m.client_id
        JOIN accounts_user u ON u.id = m.user_id
    WHERE m.user_id = member AND u.is_active AND m.starts_at <= at AND (m.ends_at IS NULL OR m.ends_at > at)
    ORDER BY c.id <> '01900000-0000-7000-8000-000000000001', c.name, m.id
$$
"""

CLIENT_WITH_CODE = f"""
CREATE FUNCTION accounts_client_with_code(wanted text) RETURNS uuid {PINNED} AS $$
    SELECT c.id FROM accounts_client c WHERE c.code = wanted
$$
"""

ALL_CLIENTS = f"""
CREATE FUNCTION accounts_all_clients() RETURNS SETOF uuid {PINNED} AS $$
    SELECT c.id FROM accounts_client c ORDER BY c.id
$$
"""


def look_up(sql, signature):
    """Create a look-up that the app role, and nobody else, may call."""
    return migrations.RunSQL(
        [
            sql,
            f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {signature} TO paktaleem_app",
        ],
        f"DROP FUNCTION {signature}",
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_accounts"), ("tenancy", "0001_functions")]
    operations = [
        TenantIsolation("Client", column="id", looked_up=True),
        TenantIsolation("HistoricalClient", column="id"),
        TenantIsolation("Membership", looked_up=True),
        TenantIsolation("HistoricalMembership"),
        TenantIsolation("ApiKey", looked_up=True),
        TenantIsolation("HistoricalApiKey"),
        AppendOnly("HistoricalClient"),
        AppendOnly("HistoricalMembership"),
        AppendOnly("HistoricalApiKey"),
        look_up(LIVE_KEY, "accounts_live_key(bytea, timestamptz)"),
        look_up(MEMBERSHIPS, "accounts_memberships(uuid, timestamptz)"),
        look_up(CLIENT_WITH_CODE, "accounts_client_with_code(text)"),
        look_up(ALL_CLIENTS, "accounts_all_clients()"),
    ]
