"""Tenant isolation of reviews of access."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("access_reviews", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("AccessReview"),
            TenantIsolation("AccessConfirmation"),
            AppendOnly("AccessConfirmation"),
            SameClientForeignKey("AccessConfirmation", "review", "AccessReview"),
            SameClientForeignKey("AccessConfirmation", "membership", "accounts.Membership"),
        ),
    ]
