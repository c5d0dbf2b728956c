"""Tenant isolation of paper forms and answer sheets."""

from django.db import migrations

from paktaleem.tenancy.operations import AppendOnly, BelongsTo, Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [("paper", "0001_tables"), ("consent", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            Walled("FormRun"),
            Walled("FormPurpose"),
            Walled("FormPage"),
            Walled("AnswerSheet"),
            Walled("SheetEntry"),
            Walled("EntryStep"),
            AppendOnly("FormRun"),
            AppendOnly("FormPurpose"),
            AppendOnly("FormPage"),
            AppendOnly("EntryStep"),
            BelongsTo("FormPurpose", "run", "FormRun"),
            BelongsTo("FormPurpose", "purpose", "consent.Purpose", owner="purpose_owner"),
            BelongsTo("FormPurpose", "notice_version", "consent.NoticeVersion", owner="notice_version_owner"),
            BelongsTo("FormPage", "run", "FormRun"),
            BelongsTo("FormPage", "subject", "subjects.Subject"),
            BelongsTo("SheetEntry", "sheet", "AnswerSheet"),
            BelongsTo("SheetEntry", "page", "FormPage"),
            BelongsTo("SheetEntry", "subject", "subjects.Subject"),
            BelongsTo("EntryStep", "entry", "SheetEntry"),
        ),
    ]
