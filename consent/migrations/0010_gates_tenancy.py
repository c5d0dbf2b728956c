"""Isolates the rows of each client. Changes consent_require_widening, raises_register_version, requires_second_person_update."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("consent", "0009_gates")]
    operations = [
        Isolate(
            TenantIsolation("HistoricalAssessment", shared=True),
            AppendOnly("HistoricalAssessment"),
            TenantIsolation("Assessment", shared=True),
            SameClientForeignKey("Assessment", "purpose", "Purpose"),
            SameClientForeignKey("Assessment", "recipient", "Recipient"),
        ),
        ApplySql("consent_require_widening", digest="8cad4ae126a2", previous="91218d20ac3a"),
        ApplySql("raises_register_version", digest="813ac0d33a3d", previous="f357c6d0102a"),
        ApplySql("requires_second_person_update", digest="0a2f656394d8", previous="cf67352326be"),
    ]
