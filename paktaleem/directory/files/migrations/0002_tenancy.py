"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("files", "0001_tables"), ("accounts", "0002_tenancy"), ("people", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("SealedFile"),
            TenantIsolation("PackageKey"),
            TenantIsolation("FileChunk"),
            AppendOnly("SealedFile"),
            AppendOnly("FileChunk"),
            SameClientForeignKey("SealedFile", "subject", "people.Subject"),
            SameClientForeignKey("PackageKey", "subject", "people.Subject"),
            SameClientForeignKey("FileChunk", "file", "SealedFile"),
        ),
    ]
