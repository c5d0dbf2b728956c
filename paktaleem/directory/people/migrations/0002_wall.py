"""People behind the wall: no row and no link crosses it."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("subjects", "0001_subjects"), ("accounts", "0002_wall")]
    operations = [
        TenantIsolation("Subject"),
        TenantIsolation("HistoricalSubject"),
        TenantIsolation("SubjectKey"),
        TenantIsolation("GuardianClaim"),
        TenantIsolation("HistoricalGuardianClaim"),
        TenantIsolation("AccessRecord"),
        AppendOnly("AccessRecord"),
        AppendOnly("HistoricalSubject"),
        AppendOnly("HistoricalGuardianClaim"),
        SameClientForeignKey("SubjectKey", "subject", "Subject"),
        SameClientForeignKey("GuardianClaim", "child", "Subject"),
        SameClientForeignKey("GuardianClaim", "guardian", "Subject"),
        SameClientForeignKey("AccessRecord", "subject", "Subject"),
    ]
