"""People behind the wall: no row and no link crosses it."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, BelongsTo, Walled


class Migration(migrations.Migration):
    dependencies = [("subjects", "0001_subjects"), ("accounts", "0002_wall")]
    operations = [
        Walled("Subject"),
        Walled("HistoricalSubject"),
        Walled("SubjectKey"),
        Walled("GuardianClaim"),
        Walled("HistoricalGuardianClaim"),
        Walled("AccessRecord"),
        AppendOnly("AccessRecord"),
        AppendOnly("HistoricalSubject"),
        AppendOnly("HistoricalGuardianClaim"),
        BelongsTo("SubjectKey", "subject", "Subject"),
        BelongsTo("GuardianClaim", "child", "Subject"),
        BelongsTo("GuardianClaim", "guardian", "Subject"),
        BelongsTo("AccessRecord", "subject", "Subject"),
    ]
