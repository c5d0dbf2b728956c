"""Tenant isolation of files, which are never changed."""

from django.db import migrations

from paktaleem.tenancy.operations import AppendOnly, BelongsTo, Isolate, Walled


class Migration(migrations.Migration):
    dependencies = [("files", "0001_tables"), ("accounts", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            Walled("SealedFile"),
            Walled("FileChunk"),
            AppendOnly("SealedFile"),
            AppendOnly("FileChunk"),
            BelongsTo("SealedFile", "subject", "subjects.Subject"),
            BelongsTo("FileChunk", "file", "SealedFile"),
        ),
    ]
