"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("exits", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("consent", "0002_tenancy"),
        ("files", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("AgreementExit"),
            TenantIsolation("ExitPart"),
            TenantIsolation("ExitCertificate"),
            AppendOnly("ExitPart"),
            AppendOnly("ExitCertificate"),
            SameClientForeignKey("AgreementExit", "agreement", "consent.ServiceAgreement"),
            SameClientForeignKey("ExitPart", "exit", "AgreementExit"),
            SameClientForeignKey("ExitPart", "file", "files.SealedFile"),
            SameClientForeignKey("ExitCertificate", "exit", "AgreementExit"),
        ),
    ]
