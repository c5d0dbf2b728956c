"""Files behind the wall; they are never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, BelongsTo, Walled


class Migration(migrations.Migration):
    dependencies = [("files", "0001_files"), ("subjects", "0002_wall")]
    operations = [
        Walled("SealedFile"),
        Walled("FileChunk"),
        AppendOnly("SealedFile"),
        AppendOnly("FileChunk"),
        BelongsTo("SealedFile", "subject", "subjects.Subject"),
        BelongsTo("FileChunk", "file", "SealedFile"),
    ]
