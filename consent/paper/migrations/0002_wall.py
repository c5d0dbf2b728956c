"""Forms, sheets and their rows behind the wall; what was asked and what was done is never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("paper", "0001_forms"),
        ("consent", "0015_evidence_wall"),
        ("subjects", "0012_rosters_wall"),
    ]
    operations = [
        *(TenantIsolation(model) for model in ("FormRun", "FormPurpose", "FormPage", "AnswerSheet", "SheetEntry", "EntryStep")),
        *(AppendOnly(model) for model in ("FormRun", "FormPurpose", "FormPage", "EntryStep")),
        SameClientForeignKey("FormPurpose", "run", "FormRun"),
        SameClientForeignKey("FormPurpose", "purpose", "consent.Purpose", owner="purpose_owner"),
        SameClientForeignKey("FormPurpose", "notice_version", "consent.NoticeVersion", owner="notice_version_owner"),
        SameClientForeignKey("FormPage", "run", "FormRun"),
        SameClientForeignKey("FormPage", "subject", "subjects.Subject"),
        SameClientForeignKey("SheetEntry", "sheet", "AnswerSheet"),
        SameClientForeignKey("SheetEntry", "page", "FormPage"),
        SameClientForeignKey("SheetEntry", "subject", "subjects.Subject"),
        SameClientForeignKey("EntryStep", "entry", "SheetEntry"),
    ]
