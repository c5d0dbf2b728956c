"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("files", "0002_tenancy"),
        ("people", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("AgreementDocument"),
            TenantIsolation("AgreementSigning", looked_up=True),
            TenantIsolation("HistoricalClientContact"),
            TenantIsolation("ClientContact"),
            TenantIsolation("DutyAttestation"),
            AppendOnly("HistoricalClientContact"),
            AppendOnly("DutyAttestation"),
            SameClientForeignKey("AgreementDocument", "file", "files.SealedFile"),
            SameClientForeignKey("AgreementDocument", "agreement", "consent.ServiceAgreement"),
            SameClientForeignKey("AgreementSigning", "agreement", "consent.ServiceAgreement"),
            SameClientForeignKey("AgreementSigning", "paper", "AgreementDocument"),
            SameClientForeignKey("ClientContact", "subject", "people.Subject"),
        ),
        ApplySql("agreements_require_both_sides", digest="07f9d3935e43"),
        ApplySql("signed_by_both_sides", digest="4ced7c21f620"),
        ApplySql("agreements_signatures", digest="a77a43ce1a54"),
    ]
