"""Evidence behind the wall; it is never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, BelongsTo, Walled


class Migration(migrations.Migration):
    dependencies = [("consent", "0014_evidence"), ("files", "0002_wall")]
    operations = [
        Walled("ConsentEvidence"),
        AppendOnly("ConsentEvidence"),
        BelongsTo("ConsentEvidence", "subject", "subjects.Subject"),
        BelongsTo("ConsentEvidence", "event", "ConsentEvent"),
        BelongsTo("ConsentEvidence", "file", "files.SealedFile"),
    ]
