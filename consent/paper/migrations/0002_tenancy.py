"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("paper", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("guardians", "0002_tenancy"),
        ("people", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("FormRun", limited="by_schools"),
            TenantIsolation("FormPurpose"),
            TenantIsolation("FormPage"),
            TenantIsolation("PaperAnswer"),
            AppendOnly("FormRun"),
            AppendOnly("FormPurpose"),
            AppendOnly("FormPage"),
            SameClientForeignKey("FormPurpose", "run", "FormRun"),
            SameClientForeignKey("FormPurpose", "purpose", "consent.Purpose", owner="purpose_owner"),
            SameClientForeignKey("FormPurpose", "notice_version", "consent.NoticeVersion", owner="notice_version_owner"),
            SameClientForeignKey("FormPage", "run", "FormRun"),
            SameClientForeignKey("FormPage", "subject", "people.Subject"),
            SameClientForeignKey("PaperAnswer", "page", "FormPage"),
            SameClientForeignKey("PaperAnswer", "subject", "people.Subject"),
            SameClientForeignKey("PaperAnswer", "guardian", "people.Subject"),
            SameClientForeignKey("PaperAnswer", "authorisation", "guardians.ServiceAuthorisation"),
        ),
    ]
