"""Changes consent_facts_of_many, consent_note_retention, consent_subject_facts, notes_insert, notes_update."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("consent", "0008_retention_facts")]
    operations = [
        ApplySql("consent_facts_of_many", digest="5c3d8989e9e2", previous="b0a4cfbca2c4"),
        ApplySql("consent_note_retention", digest="71c1ff008f02"),
        ApplySql("consent_subject_facts", digest="6471c67a0f87", previous="810f7f652153"),
        ApplySql("notes_insert", digest="069e803438f6", previous="b25689f6dbc8"),
        ApplySql("notes_update", digest="39bd78ec11d5", previous="0f201f2e2a7d"),
    ]
