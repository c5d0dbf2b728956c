"""Tenant isolation of paper forms and answer sheets."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("paper", "0001_tables"), ("children", "0002_tenancy"), ("consent", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("FormRun", limited="by_schools"),
            TenantIsolation("FormPurpose"),
            TenantIsolation("FormPage"),
            TenantIsolation("AnswerSheet", limited="by_schools"),
            TenantIsolation("SheetEntry"),
            TenantIsolation("EntryStep"),
            AppendOnly("FormRun"),
            AppendOnly("FormPurpose"),
            AppendOnly("FormPage"),
            AppendOnly("EntryStep"),
            SameClientForeignKey("FormPurpose", "run", "FormRun"),
            SameClientForeignKey("FormPurpose", "purpose", "consent.Purpose", owner="purpose_owner"),
            SameClientForeignKey("FormPurpose", "notice_version", "consent.NoticeVersion", owner="notice_version_owner"),
            SameClientForeignKey("FormPage", "run", "FormRun"),
            SameClientForeignKey("FormPage", "subject", "subjects.Subject"),
            SameClientForeignKey("SheetEntry", "sheet", "AnswerSheet"),
            SameClientForeignKey("SheetEntry", "page", "FormPage"),
            SameClientForeignKey("SheetEntry", "subject", "subjects.Subject"),
            SameClientForeignKey("SheetEntry", "guardian", "subjects.Subject"),
            SameClientForeignKey("SheetEntry", "authorisation", "children.ServiceAuthorisation"),
            SameClientForeignKey("EntryStep", "entry", "SheetEntry"),
        ),
    ]
