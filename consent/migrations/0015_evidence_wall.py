"""Evidence behind the wall; it is never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("consent", "0014_evidence"), ("files", "0002_wall")]
    operations = [
        TenantIsolation("ConsentEvidence"),
        AppendOnly("ConsentEvidence"),
        SameClientForeignKey("ConsentEvidence", "subject", "subjects.Subject"),
        SameClientForeignKey("ConsentEvidence", "event", "ConsentEvent"),
        SameClientForeignKey("ConsentEvidence", "file", "files.SealedFile"),
    ]
