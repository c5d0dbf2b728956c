"""Files behind the wall; they are never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("files", "0001_files"), ("subjects", "0002_wall")]
    operations = [
        TenantIsolation("SealedFile"),
        TenantIsolation("FileChunk"),
        AppendOnly("SealedFile"),
        AppendOnly("FileChunk"),
        SameClientForeignKey("SealedFile", "subject", "subjects.Subject"),
        SameClientForeignKey("FileChunk", "file", "SealedFile"),
    ]
