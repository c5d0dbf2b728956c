"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("packages", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("files", "0002_tenancy"),
        ("people", "0002_tenancy"),
        ("requests", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("Package"),
            TenantIsolation("PackageDownload"),
            AppendOnly("PackageDownload"),
            SameClientForeignKey("Package", "request", "requests.RightsRequest"),
            SameClientForeignKey("Package", "subject", "people.Subject"),
            SameClientForeignKey("Package", "file", "files.SealedFile"),
            SameClientForeignKey("PackageDownload", "package", "Package"),
        ),
    ]
