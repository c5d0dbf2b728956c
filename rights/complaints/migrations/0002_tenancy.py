"""Tenant isolation of authorities' cases."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("files", "0002_tenancy"),
        ("rights", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("AuthorityCase"),
            TenantIsolation("CaseEntry"),
            TenantIsolation("CaseDeadline"),
            TenantIsolation("DeadlineReminder"),
            AppendOnly("CaseEntry"),
            AppendOnly("DeadlineReminder"),
            SameClientForeignKey("AuthorityCase", "request", "rights.RightsRequest"),
            SameClientForeignKey("CaseEntry", "case", "AuthorityCase"),
            SameClientForeignKey("CaseEntry", "file", "files.SealedFile"),
            SameClientForeignKey("CaseDeadline", "case", "AuthorityCase"),
            SameClientForeignKey("DeadlineReminder", "deadline", "CaseDeadline"),
        ),
    ]
