"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_tables"), ("accounts", "0002_tenancy"), ("audit", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("HistoricalEndpoint"),
            TenantIsolation("Endpoint"),
            TenantIsolation("EndpointSecret"),
            TenantIsolation("EndpointHealth"),
            TenantIsolation("Message"),
            TenantIsolation("Delivery"),
            TenantIsolation("Attempt"),
            AppendOnly("HistoricalEndpoint"),
            SameClientForeignKey("EndpointSecret", "endpoint", "Endpoint"),
            SameClientForeignKey("EndpointHealth", "endpoint", "Endpoint"),
            SameClientForeignKey("Delivery", "endpoint", "Endpoint"),
            SameClientForeignKey("Delivery", "message", "Message"),
            SameClientForeignKey("Attempt", "delivery", "Delivery"),
        ),
        ApplySql("webhooks_new_id", digest="6e5c162fd459"),
        ApplySql("webhooks_deliver", digest="2e584685a322"),
        ApplySql("webhooks_tell_entries", digest="f2f2113863cb"),
        ApplySql("webhooks_tell_changes", digest="c904a7089b32"),
        ApplySql("webhooks_tell_register", digest="7e3b0e314f2e"),
        ApplySql("tells_webhooks", digest="91b195a7ad50"),
    ]
