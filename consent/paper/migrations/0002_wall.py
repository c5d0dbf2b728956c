"""Forms, sheets and their rows behind the wall; what was asked and what was done is never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, BelongsTo, Walled


class Migration(migrations.Migration):
    dependencies = [
        ("paper", "0001_forms"),
        ("consent", "0015_evidence_wall"),
        ("subjects", "0012_rosters_wall"),
    ]
    operations = [
        *(Walled(model) for model in ("FormRun", "FormPurpose", "FormPage", "AnswerSheet", "SheetEntry", "EntryStep")),
        *(AppendOnly(model) for model in ("FormRun", "FormPurpose", "FormPage", "EntryStep")),
        BelongsTo("FormPurpose", "run", "FormRun"),
        BelongsTo("FormPurpose", "purpose", "consent.Purpose", owner="purpose_owner"),
        BelongsTo("FormPurpose", "notice_version", "consent.NoticeVersion", owner="notice_version_owner"),
        BelongsTo("FormPage", "run", "FormRun"),
        BelongsTo("FormPage", "subject", "subjects.Subject"),
        BelongsTo("SheetEntry", "sheet", "AnswerSheet"),
        BelongsTo("SheetEntry", "page", "FormPage"),
        BelongsTo("SheetEntry", "subject", "subjects.Subject"),
        BelongsTo("EntryStep", "entry", "SheetEntry"),
    ]
