"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_tables"), ("tenancy", "0001_functions")]
    operations = [
        Isolate(
            TenantIsolation("HistoricalStaffChange"),
            TenantIsolation("StaffChange", looked_up=True),
            TenantIsolation("HistoricalClient", column="id", limited="read"),
            TenantIsolation("Client", column="id", looked_up=True, limited="read"),
            TenantIsolation("HistoricalMembership", limited="by_schools"),
            TenantIsolation("Membership", looked_up=True, limited="by_schools"),
            TenantIsolation("HistoricalApiKey"),
            TenantIsolation("ApiKey", looked_up=True),
            TenantIsolation("ProposedChange"),
            AppendOnly("HistoricalStaffChange"),
            AppendOnly("HistoricalClient"),
            AppendOnly("HistoricalUser"),
            AppendOnly("HistoricalMembership"),
            AppendOnly("HistoricalApiKey"),
        ),
        migrations.RunSQL(
            """
ALTER TABLE accounts_client ADD CONSTRAINT client_and_its_kind UNIQUE (id, is_sandbox);
ALTER TABLE accounts_apikey ADD CONSTRAINT apikey_is_of_its_clients_kind
    FOREIGN KEY (client_id, is_test) REFERENCES accounts_client (id, is_sandbox);
""",
            """
ALTER TABLE accounts_apikey DROP CONSTRAINT apikey_is_of_its_clients_kind;
ALTER TABLE accounts_client DROP CONSTRAINT client_and_its_kind;
""",
        ),
        migrations.RunSQL(
            """
ALTER TABLE accounts_client ADD CONSTRAINT client_country_thresholds_13_to_21 CHECK (
    jsonb_typeof(country_thresholds) = 'object' AND NOT jsonb_path_exists(country_thresholds,
        '$.keyvalue() ? (!(@.key like_regex "^[A-Z]{2}$") || !(@.value.type() == "number"
            && @.value >= 13 && @.value <= 21 && @.value.floor() == @.value))'))
""",
            "ALTER TABLE accounts_client DROP CONSTRAINT client_country_thresholds_13_to_21",
        ),
        migrations.RunSQL(
            """
ALTER TABLE accounts_client ADD CONSTRAINT client_country_full_ages_18_to_21 CHECK (
    jsonb_typeof(country_full_ages) = 'object' AND NOT jsonb_path_exists(country_full_ages,
        '$.keyvalue() ? (!(@.key like_regex "^[A-Z]{2}$") || !(@.value.type() == "number"
            && @.value >= 18 && @.value <= 21 && @.value.floor() == @.value))'))
""",
            "ALTER TABLE accounts_client DROP CONSTRAINT client_country_full_ages_18_to_21",
        ),
        ApplySql("accounts_live_key", digest="0acd826429d7"),
        ApplySql("accounts_memberships", digest="d7b90a674c9c"),
        ApplySql("accounts_staff_roles", digest="54f9dbfbe84f"),
        ApplySql("accounts_client_with_code", digest="2f0aa1a968c3"),
        ApplySql("accounts_all_clients", digest="0fc613c3b3a7"),
        ApplySql("tenancy_clock_offset", digest="e1ff751ed33f"),
        ApplySql("accounts_sandbox_for_good", digest="6b6eab144fef"),
        ApplySql("sandbox_for_good", digest="466d2fbf0048"),
        ApplySql("accounts_membership_periods", digest="e1f5c3a5721f"),
    ]
