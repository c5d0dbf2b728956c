"""Tenant isolation of files, which are never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("files", "0001_tables"), ("accounts", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("SealedFile"),
            TenantIsolation("FileChunk"),
            TenantIsolation("PackageKey"),
            AppendOnly("SealedFile"),
            AppendOnly("FileChunk"),
            SameClientForeignKey("SealedFile", "subject", "subjects.Subject"),
            SameClientForeignKey("FileChunk", "file", "SealedFile"),
            SameClientForeignKey("PackageKey", "subject", "subjects.Subject"),
        ),
    ]
