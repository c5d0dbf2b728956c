"""Tenant isolation of webhooks, and the triggers that write messages."""

from django.db import migrations

from paktaleem.tenancy.operations import AppendOnly, ApplySql, BelongsTo, Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_tables"), ("accounts", "0002_tenancy"), ("ledger", "0002_tenancy")]
    operations = [
        Isolate(
            Walled("Endpoint"),
            Walled("HistoricalEndpoint"),
            Walled("EndpointSecret"),
            Walled("EndpointHealth"),
            Walled("Message"),
            Walled("Delivery"),
            Walled("Attempt"),
            AppendOnly("HistoricalEndpoint"),
            BelongsTo("EndpointSecret", "endpoint", "Endpoint"),
            BelongsTo("EndpointHealth", "endpoint", "Endpoint"),
            BelongsTo("Delivery", "endpoint", "Endpoint"),
            BelongsTo("Delivery", "message", "Message"),
            BelongsTo("Attempt", "delivery", "Delivery"),
        ),
        ApplySql("webhooks_new_id", digest="6e5c162fd459"),
        ApplySql("webhooks_deliver", digest="2e584685a322"),
        ApplySql("webhooks_tell_entries", digest="88ca304b1352"),
        ApplySql("webhooks_tell_changes", digest="8a1bc34dbfdb"),
        ApplySql("webhooks_tell_register", digest="7e3b0e314f2e"),
        ApplySql("tells_webhooks", digest="903c0b017e42"),
    ]
